package host

// CacheDirOfTests is where all tests keep compiled guests.
var CacheDirOfTests string

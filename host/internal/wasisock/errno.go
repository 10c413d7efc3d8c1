package wasisock

// errno is an error number of WASI preview 1.
type errno uint32

const (
	success         errno = 0
	errAcces        errno = 2 // what a rule is missing for
	errAddrInUse    errno = 3
	errAddrNotAvail errno = 4
	errAFNoSupport  errno = 5
	errAgain        errno = 6
	errAlready      errno = 7
	errBadF         errno = 8
	errConnAborted  errno = 13
	errConnRefused  errno = 14
	errConnReset    errno = 15
	errDestAddrReq  errno = 17
	errFault        errno = 21
	errHostUnreach  errno = 23
	errInProgress   errno = 26
	errIntr         errno = 27
	errInval        errno = 28
	errIO           errno = 29
	errIsConn       errno = 30
	errLoop         errno = 32
	errMFile        errno = 33
	errMsgSize      errno = 35
	errNameTooLong  errno = 37
	errNetDown      errno = 38
	errNetReset     errno = 39
	errNetUnreach   errno = 40
	errNFile        errno = 41
	errNoBufs       errno = 42
	errNoEnt        errno = 44
	errNoMem        errno = 48
	errNoProtoOpt   errno = 50
	errNotConn      errno = 53
	errNotDir       errno = 54
	errNotSock      errno = 57
	errNotSup       errno = 58
	errPerm         errno = 63
	errPipe         errno = 64
	errProto        errno = 65
	errProtoNoSup   errno = 66
	errProtoType    errno = 67
	errROFS         errno = 69
	errTimedOut     errno = 73
)

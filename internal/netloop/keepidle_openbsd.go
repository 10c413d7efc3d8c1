package netloop

// keepIdle would be the option for the seconds after which a silent peer is probed. No socket has one of its own: setting it fails.
const keepIdle = 0

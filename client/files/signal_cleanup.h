// What an interrupted command leaves behind: nothing.
#pragma once

namespace kobling::client {

// From now on SIGINT, SIGTERM and SIGHUP remove all unfinished files (see AtomicFile) and then end the process as they
// would have done. Called once, before any other thread is started.
void CleanUpOnSignal();

}  // namespace kobling::client

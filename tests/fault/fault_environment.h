// The operating system's files and time for RocksDB, with a FaultDisk in between.
#pragma once

#include <memory>

#include "tests/fault/fault_disk.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace kobling::tests {

// Files and folders written through it behave as the disk says; reading is never disturbed. It does not really sync,
// since no real power is lost. RocksDB's own text log goes past it. RocksDB pauses a second after each error of its
// background work; here it hardly pauses. The disk outlives it.
std::shared_ptr<rocksdb::Env> MakeFaultEnvironment(FaultDisk& disk);

}  // namespace kobling::tests

// A check that RocksDB leaves out when it replays its write-ahead log.
//
// A log ends with a torn record when a write was interrupted; RocksDB rightly drops such a record. It takes a record
// for torn when its length reaches beyond the end of the file. The checksum of a record does not cover its length, so
// one flipped bit in the length of an acknowledged record of the last block looks the same, and this record and all
// behind it would be dropped in silence. But then the record is complete, with its checksum right at its true length,
// and the file ends behind it or goes on with another good record: that is what is looked for here.
#pragma once

#include <cstdint>
#include <filesystem>

namespace kobling::storage {

enum class LogTail : std::uint8_t { kWholeOrTorn, kDamaged, kUnreadable };

// Looks at the end of every log in the folder of a database that is not open.
LogTail CheckLogTails(const std::filesystem::path& folder);

}  // namespace kobling::storage

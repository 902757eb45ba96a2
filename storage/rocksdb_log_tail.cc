#include "storage/rocksdb_log_tail.h"

#include <array>
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace kobling::storage {
namespace {

// The log is a row of blocks; records do not cross them. A record is
//   checksum (4 bytes, little-endian)   masked CRC-32C of type and payload
//   length   (2 bytes, little-endian)   of the payload
//   type     (1 byte)                   whole, or which part of a batch that takes several records
//   payload
constexpr std::size_t kBlockBytes = 32 << 10;
constexpr std::size_t kHeaderBytes = 7;

constexpr std::array<std::uint32_t, 256> MakeCrcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      constexpr std::uint32_t kCastagnoli = 0x82f63b78;
      crc = (crc & 1) != 0 ? (crc >> 1) ^ kCastagnoli : crc >> 1;
    }
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = MakeCrcTable();

class Crc32c {
 public:
  void Add(char byte) { state_ = (state_ >> 8) ^ kCrcTable[(state_ ^ static_cast<unsigned char>(byte)) & 0xff]; }
  std::uint32_t Masked() const {
    const std::uint32_t crc = ~state_;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
  }

 private:
  std::uint32_t state_ = 0xffffffff;
};

std::uint32_t LittleEndian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return number;
}

// `block` starts with the header of a record.
std::uint32_t ChecksumIn(std::string_view block) { return LittleEndian(block.substr(0, 4)); }
std::size_t LengthIn(std::string_view block) { return LittleEndian(block.substr(4, 2)); }
bool Reaches(std::string_view block) {
  return block.size() >= kHeaderBytes && kHeaderBytes + LengthIn(block) <= block.size();
}

bool IsGoodRecord(std::string_view block) {
  if (!Reaches(block)) {
    return false;
  }
  Crc32c crc;
  for (const char byte : block.substr(kHeaderBytes - 1, LengthIn(block) + 1)) {
    crc.Add(byte);
  }
  return crc.Masked() == ChecksumIn(block);
}

// Whether the record, whose length is too large for the block, is good at a smaller length.
bool IsGoodButForItsLength(std::string_view block) {
  Crc32c crc;
  for (std::size_t end = kHeaderBytes - 1; end < block.size(); ++end) {
    crc.Add(block[end]);
    const std::string_view rest = block.substr(end + 1);
    if (crc.Masked() == ChecksumIn(block) && (rest.empty() || IsGoodRecord(rest))) {
      return true;
    }
  }
  return false;
}

LogTail CheckLastBlock(std::string_view block) {
  while (Reaches(block)) {
    block.remove_prefix(kHeaderBytes + LengthIn(block));
  }
  return block.size() >= kHeaderBytes && IsGoodButForItsLength(block) ? LogTail::kDamaged : LogTail::kWholeOrTorn;
}

LogTail CheckLogTail(const std::filesystem::path& log) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(log, error);
  if (error) {
    return LogTail::kUnreadable;
  }
  std::string block(size % kBlockBytes, '\0');
  std::ifstream file(log, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(size - block.size()));
  file.read(block.data(), static_cast<std::streamsize>(block.size()));
  return file.good() ? CheckLastBlock(block) : LogTail::kUnreadable;
}

}  // namespace

LogTail CheckLogTails(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".log") {
      if (const LogTail tail = CheckLogTail(entry->path()); tail != LogTail::kWholeOrTorn) {
        return tail;
      }
    }
  }
  return error ? LogTail::kUnreadable : LogTail::kWholeOrTorn;
}

}  // namespace kobling::storage

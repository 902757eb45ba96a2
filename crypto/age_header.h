// The text at the beginning of an age v1 file: who can open it, and a code that protects that list. Text only; what the
// stanzas mean is crypto/age_file_key.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/sha256.h"

namespace kobling::crypto {

// The file key, wrapped for one recipient.
struct AgeStanza {
  std::vector<std::string> arguments;  // at least one; the first is the kind of recipient
  std::vector<std::uint8_t> body;
};

struct AgeHeader {
  std::vector<AgeStanza> stanzas;
  std::string authenticated;  // what the code covers: everything up to and including "---"
  Digest mac;
};

// The largest header that is read. A header for one recipient has 168 bytes.
inline constexpr std::size_t kMaxAgeHeaderBytes = 64 * 1024;

// The part of a header that its code covers.
std::string AgeHeaderText(std::span<const AgeStanza> stanzas);

// The rest of the header.
std::string AgeHeaderEnd(const Digest& mac);

// How many bytes the header at the beginning of a file has, given the file's first bytes; nothing if it goes on beyond
// them. Fails with KEY_FILE_ALTERED as soon as it is plain that these bytes begin no age v1 file.
absl::StatusOr<std::optional<std::size_t>> FindAgeHeaderSize(std::string_view bytes);

// Reads a whole header, exactly as the specification says it is written; anything else fails with KEY_FILE_ALTERED.
absl::StatusOr<AgeHeader> ParseAgeHeader(std::string_view header);

}  // namespace kobling::crypto

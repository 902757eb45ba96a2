// What a log asks a witness, and what the witness answers (C2SP tlog-witness). docs/formats/log.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "transparency/note.h"
#include "transparency/proof.h"

namespace kobling::transparency {

inline constexpr std::string_view kAddCheckpointPath = "/add-checkpoint";
inline constexpr std::string_view kSizeContentType = "text/x.tlog.size";
inline constexpr std::size_t kMaxWitnessRequestBytes = 32 * 1024;

// A new checkpoint, and the proof that an older one, which the witness is believed to have cosigned last, is a
// beginning of it.
struct WitnessRequest {
  std::uint64_t old_size = 0;
  Proof proof;
  Note checkpoint;

  std::string text() const;
  // Fails with LOG_MALFORMED.
  static absl::StatusOr<WitnessRequest> Parse(std::string_view text);
};

}  // namespace kobling::transparency

// Checkpoints: a tree head that the log signs and witnesses cosign (C2SP tlog-checkpoint, tlog-cosignature).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/sha256.h"
#include "crypto/signing.h"
#include "transparency/note.h"

namespace kobling::transparency {

// How many leaves the tree of a log has, and its root.
struct TreeHead {
  std::string origin;  // the log's name
  std::uint64_t size = 0;
  crypto::Digest root;

  // The text that is signed: three lines.
  std::string text() const;
  // Fails with LOG_MALFORMED unless the text is exactly what text() gives.
  static absl::StatusOr<TreeHead> Parse(std::string_view text);

  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

// The log's signature of a tree head. The head's origin is the signer's name.
Note SignTreeHead(const TreeHead& head, const crypto::SigningKey& key);

// A witness's signature of a note's text: at `time`, which is kept to the second, this was the largest tree of its log
// that it had seen.
NoteSignature Cosign(std::string_view text, const VerifierKey& witness, const crypto::SigningKey& key, absl::Time time);

// The tree head of a note that this log has signed. Fails with LOG_MALFORMED if it is no checkpoint, and with
// LOG_SIGNATURE if it is another log's, is not signed by the key, or not rightly.
[[nodiscard]] absl::StatusOr<TreeHead> VerifyCheckpoint(const Note& note, const VerifierKey& log);

// When the witness has cosigned the note. Fails with LOG_SIGNATURE if it has not, or not rightly.
[[nodiscard]] absl::StatusOr<absl::Time> VerifyCosignature(const Note& note, const VerifierKey& witness);

// Reads a number as checkpoints write it: decimal, no leading zero, less than 2^63. Fails with LOG_MALFORMED.
absl::StatusOr<std::uint64_t> ParseSize(std::string_view text);

// A hash as checkpoints and proofs write it. Fails with LOG_MALFORMED.
absl::StatusOr<crypto::Digest> ParseHash(std::string_view text);
std::string HashText(const crypto::Digest& hash);

}  // namespace kobling::transparency

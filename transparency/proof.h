// Proofs that an event is in the log, and that one tree is the beginning of another (RFC 6962, sections 2.1.1
// and 2.1.2; C2SP tlog-proof).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sha256.h"
#include "transparency/checkpoint.h"
#include "transparency/note.h"
#include "transparency/tiles.h"

namespace kobling::transparency {

using Proof = std::vector<crypto::Digest>;

inline constexpr std::size_t kMaxProofHashes = 64;

// Makes the proof that leaf `index` is in the reader's tree. Fails with INTERNAL if it is not, and as the reader's
// source does.
absl::StatusOr<Proof> ProveInclusion(TreeReader& tree, std::uint64_t index);

// Makes the proof that the tree of the first `old_size` leaves is a beginning of the reader's tree; empty if it is the
// tree itself or has no leaves. Fails with INTERNAL if it is larger, and as the reader's source does.
absl::StatusOr<Proof> ProveConsistency(TreeReader& tree, std::uint64_t old_size);

// Fails with LOG_INCONSISTENT unless the proof leads from the leaf to the tree's root.
[[nodiscard]] absl::Status VerifyInclusion(const crypto::Digest& leaf_hash, std::uint64_t index, const TreeHead& head,
                                           const Proof& proof);

// A tree, without a name.
struct TreeState {
  std::uint64_t size = 0;
  crypto::Digest root;
};

// Fails with LOG_INCONSISTENT unless the proof shows that the old tree is a beginning of the new one.
[[nodiscard]] absl::Status VerifyConsistency(const TreeState& old_tree, const TreeState& new_tree, const Proof& proof);

// A proof of inclusion that can be kept and checked by itself.
struct InclusionReceipt {
  std::uint64_t index = 0;
  Proof proof;
  Note checkpoint;

  std::string text() const;
  // Fails with LOG_MALFORMED.
  static absl::StatusOr<InclusionReceipt> Parse(std::string_view text);

  // The tree head that the entry is proved to be in. Fails with LOG_SIGNATURE or LOG_INCONSISTENT.
  [[nodiscard]] absl::StatusOr<TreeHead> Verify(std::string_view entry, const VerifierKey& log) const;
};

}  // namespace kobling::transparency

#include "transparency/proof.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "crypto/merkle.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::transparency {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kReceiptHeader = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kIndexStart = "index ";
constexpr std::string_view kExtraStart = "extra ";

absl::Status Outside() { return MakeError(Reason::kInternal, {{DetailKey::kHint, "no such part of the tree"}}); }

absl::Status Inconsistent(std::string_view what) {
  return MakeError(Reason::kLogInconsistent, {{DetailKey::kHint, what}});
}

// The largest power of two below n, for n > 1.
std::uint64_t SplitOf(std::uint64_t n) { return std::bit_floor(n - 1); }

// The line up to the line feed, taken off the front.
std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

absl::StatusOr<Proof> ProveInclusion(TreeReader& tree, std::uint64_t index) {
  if (index >= tree.size()) {
    return Outside();
  }
  Proof proof;
  std::uint64_t begin = 0;
  std::uint64_t end = tree.size();
  // From the root down: the part without the leaf is what the verifier will need, last first.
  while (end - begin > 1) {
    const std::uint64_t middle = begin + SplitOf(end - begin);
    const bool is_left = index < middle;
    KOBLING_ASSIGN_OR_RETURN(const crypto::Digest other, is_left ? tree.Root(middle, end) : tree.Root(begin, middle));
    proof.push_back(other);
    (is_left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<Proof> ProveConsistency(TreeReader& tree, std::uint64_t old_size) {
  if (old_size > tree.size()) {
    return Outside();
  }
  Proof proof;
  if (old_size == 0 || old_size == tree.size()) {
    return proof;
  }
  std::uint64_t begin = 0;
  std::uint64_t end = tree.size();
  bool is_whole = true;  // the old tree's part of this range is the old tree itself
  while (end != old_size) {
    const std::uint64_t middle = begin + SplitOf(end - begin);
    if (old_size <= middle) {
      KOBLING_ASSIGN_OR_RETURN(const crypto::Digest right, tree.Root(middle, end));
      proof.push_back(right);
      end = middle;
    } else {
      KOBLING_ASSIGN_OR_RETURN(const crypto::Digest left, tree.Root(begin, middle));
      proof.push_back(left);
      begin = middle;
      is_whole = false;
    }
  }
  if (!is_whole) {
    KOBLING_ASSIGN_OR_RETURN(const crypto::Digest last, tree.Root(begin, end));
    proof.push_back(last);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::Status VerifyInclusion(const crypto::Digest& leaf_hash, std::uint64_t index, const TreeHead& head,
                             const Proof& proof) {
  const auto wrong = [] { return Inconsistent("the proof does not lead from the event to the root"); };
  if (index >= head.size || proof.size() > kMaxProofHashes) {
    return wrong();
  }
  crypto::Digest hash = leaf_hash;
  std::uint64_t node = index;
  std::uint64_t last = head.size - 1;
  for (const crypto::Digest& other : proof) {
    if (last == 0) {
      return wrong();
    }
    if (node % 2 == 1 || node == last) {
      hash = crypto::NodeHash(other, hash);
      // The last node of a level that is alone moves up as it is.
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      hash = crypto::NodeHash(hash, other);
    }
    node /= 2;
    last /= 2;
  }
  return last == 0 && hash == head.root ? absl::OkStatus() : wrong();
}

absl::Status VerifyConsistency(const TreeState& old_tree, const TreeState& new_tree, const Proof& proof) {
  const auto wrong = [] { return Inconsistent("the older tree is not a beginning of the newer one"); };
  if (old_tree.size > new_tree.size || proof.size() > kMaxProofHashes) {
    return wrong();
  }
  if (old_tree.size == 0 || old_tree.size == new_tree.size) {
    const bool same = (old_tree.size > 0 || old_tree.root == crypto::MerkleFrontier().Root()) &&
                      (old_tree.size < new_tree.size || old_tree.root == new_tree.root);
    return same && proof.empty() ? absl::OkStatus() : wrong();
  }
  std::uint64_t node = old_tree.size - 1;
  std::uint64_t last = new_tree.size - 1;
  while (node % 2 == 1) {
    node /= 2;
    last /= 2;
  }
  auto next = proof.begin();
  // A complete old tree is a node of the new one, and is not sent.
  crypto::Digest seed = old_tree.root;
  if (!std::has_single_bit(old_tree.size)) {
    if (next == proof.end()) {
      return wrong();
    }
    seed = *next++;
  }
  crypto::Digest old_hash = seed;
  crypto::Digest new_hash = seed;
  for (; next != proof.end(); ++next) {
    if (last == 0) {
      return wrong();
    }
    if (node % 2 == 1 || node == last) {
      old_hash = crypto::NodeHash(*next, old_hash);
      new_hash = crypto::NodeHash(*next, new_hash);
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      new_hash = crypto::NodeHash(new_hash, *next);
    }
    node /= 2;
    last /= 2;
  }
  return last == 0 && old_hash == old_tree.root && new_hash == new_tree.root ? absl::OkStatus() : wrong();
}

std::string InclusionReceipt::text() const {
  std::string all(kReceiptHeader);
  all += std::string(kIndexStart) + std::to_string(index) + '\n';
  for (const crypto::Digest& hash : proof) {
    all += HashText(hash) + '\n';
  }
  return all + '\n' + checkpoint.bytes();
}

absl::StatusOr<InclusionReceipt> InclusionReceipt::Parse(std::string_view text) {
  const auto malformed = [] { return MakeError(Reason::kLogMalformed, {{DetailKey::kHint, "a proof of inclusion"}}); };
  if (!text.starts_with(kReceiptHeader)) {
    return malformed();
  }
  text.remove_prefix(kReceiptHeader.size());
  std::string_view line = TakeLine(text);
  if (line.starts_with(kExtraStart)) {  // others may add it; nothing here needs it
    line = TakeLine(text);
  }
  if (!line.starts_with(kIndexStart)) {
    return malformed();
  }
  InclusionReceipt receipt;
  KOBLING_ASSIGN_OR_RETURN(receipt.index, ParseSize(line.substr(kIndexStart.size())));
  for (line = TakeLine(text); !line.empty(); line = TakeLine(text)) {
    KOBLING_ASSIGN_OR_RETURN(const crypto::Digest hash, ParseHash(line));
    receipt.proof.push_back(hash);
    if (receipt.proof.size() > kMaxProofHashes) {
      return malformed();
    }
  }
  KOBLING_ASSIGN_OR_RETURN(receipt.checkpoint, Note::Parse(text));
  return receipt;
}

absl::StatusOr<TreeHead> InclusionReceipt::Verify(std::string_view entry, const VerifierKey& log) const {
  KOBLING_ASSIGN_OR_RETURN(TreeHead head, VerifyCheckpoint(checkpoint, log));
  const crypto::Digest leaf =
      crypto::LeafHash(std::span(reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()));
  KOBLING_RETURN_IF_ERROR(VerifyInclusion(leaf, index, head, proof));
  return head;
}

}  // namespace kobling::transparency

// An event of the identity history, in identifier numbers.
#pragma once

#include <cstdint>
#include <limits>

#include "absl/container/inlined_vector.h"

namespace kobling::storage {

// The numbers are those of kobling.v1.IdentityEventKind, which says what each means.
enum class IdentityEventKind : std::uint8_t {
  kCreated = 1,
  kAdded = 2,
  kReplaced = 3,
  kEnded = 4,
  kMerged = 5,
  kSplit = 6,
  kAnnulled = 7,
  kRestored = 8,
  kProtected = 9,
  kUnprotected = 10,
  kParentsBlocked = 11,
  kParentsAllowed = 12,
};

inline constexpr std::uint32_t kNoIdentifier = 0xffffffff;
inline constexpr std::int32_t kNoDay = std::numeric_limits<std::int32_t>::min();

struct IdentityChange {
  IdentityEventKind kind;
  absl::InlinedVector<std::uint32_t, 2> numbers;  // one; of a split, one or more
  std::uint32_t other = kNoIdentifier;            // where the kind has one
  std::int32_t day = kNoDay;                      // from which it holds at the source, in days since 1970-01-01

  friend bool operator==(const IdentityChange&, const IdentityChange&) = default;
};

}  // namespace kobling::storage

// Where the bytes of a sealed file come from and go to, so that neither sealing nor opening holds a whole file in
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kobling::crypto {

// Takes bytes in order. After an error nothing more is written to it.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Takes all of the bytes, or fails.
  virtual absl::Status Write(std::span<const std::uint8_t> bytes) = 0;
};

// Gives bytes in order.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the beginning of `out`, which is not empty, and says how much of it; zero only at the end of the bytes.
  virtual absl::StatusOr<std::size_t> Read(std::span<std::uint8_t> out) = 0;
};

}  // namespace kobling::crypto

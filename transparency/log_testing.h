// Logs for tests: made in memory and in folders, with keys of their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/secret_memory.h"
#include "crypto/signing.h"
#include "transparency/checkpoint.h"
#include "transparency/event.h"
#include "transparency/note.h"
#include "transparency/tiles.h"

namespace kobling::transparency {

// Signs with keys from fixed seeds, so that every run makes the same bytes.
class TestSigners {
 public:
  TestSigners();

  const VerifierKey& log() const { return log_; }
  const VerifierKey& witness() const { return witness_; }
  const crypto::SigningKey& log_key() const { return *log_key_; }
  const crypto::SigningKey& witness_key() const { return *witness_key_; }

  // Signed by the log, and cosigned by the witness at the time.
  Note Sign(const TreeHead& head, absl::Time time) const;

 private:
  std::unique_ptr<crypto::SecretArena> arena_;
  std::unique_ptr<crypto::SigningKey> log_key_;
  std::unique_ptr<crypto::SigningKey> witness_key_;
  VerifierKey log_;
  VerifierKey witness_;
};

inline constexpr char kTestOrigin[] = "log.kobling.example/test";

// Event number i of a test's log, as its canonical bytes.
std::string TestEntry(std::uint64_t index);

crypto::Digest HashOf(const std::string& entry);

// All tiles of a tree, in memory.
class MemoryTiles final : public TileSource {
 public:
  // The tiles of the tree over the first `size` test entries.
  explicit MemoryTiles(std::uint64_t size);

  absl::StatusOr<std::string> ReadTile(unsigned level, std::uint64_t index, std::size_t width) override;

  crypto::Digest root() const { return root_; }

 private:
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles_;
  crypto::Digest root_;
};

// Writes a published log of test entries, with a kept checkpoint of each of these sizes; the last one is also the
// newest.
void WriteTestLog(const std::filesystem::path& folder, const std::vector<std::uint64_t>& sizes,
                  const TestSigners& signers);

}  // namespace kobling::transparency

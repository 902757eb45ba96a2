// A provider that keeps its KEK in a file, and during a replacement the next one in a second file beside it.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/kek_provider.h"

namespace kobling::crypto {

// A file, and the KEK id that stands in it or why that cannot be read.
struct KekFileId {
  std::string path;
  absl::StatusOr<KekId> id;
};

// Which of the two has the KEK that is needed; the current one if none is named. Fails with KEY_UNUSABLE if neither has
// it, or as the file does that could not be read.
absl::StatusOr<std::string> ChooseKekFile(const KekFileId& current, const KekFileId& next,
                                          const std::optional<KekId>& needed);

// The steps of a replacement, on two files: `path`, and `path`.next. What stands in a file is the subclass's.
//
// Before a file is destroyed, the other one has been read whole and its key checked. The current file is overwritten
// first and only then replaced by the next one, in one step: whenever the process ends, no key that is to be gone lies
// in a block that no file has, and one of the two files holds the key in use.
class KekFilePair : public KekProvider {
 public:
  // Besides the reasons of the interface, fails as the subclass's files do.
  absl::StatusOr<KeyEncryptionKey> Load(SecretArena& arena, const std::optional<KekId>& needed) final;
  // Fails with FILE_MODE if the current file is a link, which the next one could not replace.
  absl::StatusOr<KeyEncryptionKey> MakeNext(SecretArena& arena) final;
  absl::Status Settle(const KekId& in_use) final;

 protected:
  explicit KekFilePair(std::string path);

 private:
  // The KEK id that stands in a file, which is not opened for it.
  virtual absl::StatusOr<KekId> ReadId(const std::string& path) const = 0;
  // The KEK in a file, checked against its id. Fails with KEY_UNUSABLE if the file does not hold one.
  virtual absl::StatusOr<KeyEncryptionKey> Read(const std::string& path, SecretArena& arena) const = 0;
  // Makes a new file, durable before this returns; none is left behind after a failure.
  virtual absl::Status Write(const std::string& path, const KeyEncryptionKey& kek, SecretArena& arena) const = 0;

  std::string path_;
  std::string next_path_;
  std::optional<KekId> in_use_;  // of the KEK that was loaded or settled, until a next one is made
};

}  // namespace kobling::crypto

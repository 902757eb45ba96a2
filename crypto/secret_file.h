// Small files that hold a secret: read only if nobody else could have read or changed them, on disk once they are made,
// and overwritten when they go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kobling::crypto {

// A file descriptor, closed when it goes out of scope. Move-only.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

// Who may have rights to a file with a secret.
enum class SecretFileRule : std::uint8_t {
  // Nobody but the user that this process runs as, who owns it: mode 0600 or 0400.
  kOwnFile,
  // As systemd hands a credential to a service: the file of the same user or of root, whom no others may read or change
  // it. A file of root's may show rights for its group root to read, which is how the access control entry for the
  // service's user looks in the mode.
  kCredential,
};

// Opens a file to read it. Fails with FILE_NOT_FOUND or FILE_UNREADABLE, and with FILE_MODE if it is not a regular file
// or the rule does not allow its owner and mode.
absl::StatusOr<Descriptor> OpenSecretFile(const std::string& path, SecretFileRule rule);

// Fills `out` from the beginning of the file, and says how much of it: less than all only if the file is shorter. Fails
// as OpenSecretFile does.
absl::StatusOr<std::size_t> ReadSecretFile(const std::string& path, SecretFileRule rule, std::span<std::uint8_t> out);

// Writes a new file of mode 0600, which is on disk before this returns. Fails with FILE_EXISTS if the path is taken,
// whatever by, or with FILE_UNWRITABLE; then no file is left behind.
absl::Status WriteNewSecretFile(const std::string& path, std::span<const std::uint8_t> bytes);

// Overwrites a file of this process' user with zeros, on disk. (A disk may keep what was there before: where it does,
// only a key that is not on it helps.) Nothing to do if there is no such file; a link is not followed. Fails with
// FILE_UNWRITABLE.
absl::Status OverwriteSecretFile(const std::string& path);

// Overwrites the file, unlinks it and makes sure of that on disk. Nothing to do if there is no such file. Fails with
// FILE_UNWRITABLE.
absl::Status DestroySecretFile(const std::string& path);

// Gives the file another name in the same folder in one step, in place of whatever has that name, and makes sure of it
// on disk. Fails with FILE_UNWRITABLE.
absl::Status RenameSecretFile(const std::string& from, const std::string& to);

// Makes sure that the names in a folder are on disk. Fails with FILE_UNWRITABLE.
absl::Status SyncFolder(const std::string& folder);

}  // namespace kobling::crypto

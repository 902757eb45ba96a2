// Help for the tests of this folder: folders of their own, files, identifiers, løpenumre, sealed key files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/files/key_file_rows.h"
#include "client/files/lopenummer_map.h"
#include "crypto/age.h"
#include "crypto/minisign.h"
#include "domain/error.h"
#include "domain/lopenummer.h"

namespace kobling::client {

// A folder that is removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string Path(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }
  // Writes a file and returns its path.
  std::string Write(std::string_view name, std::string_view content) const;
  // Names of all files, sorted.
  std::vector<std::string> Names() const;

 private:
  std::string path_;
};

bool Exists(const std::string& path);
std::string ReadFile(const std::string& path);

// The n-th of many synthetic identifiers (month + 80), eleven digits.
std::string SyntheticId(std::uint64_t n);
std::uint64_t Packed(std::string_view digits);

// A løpenummer that depends on the number alone.
domain::Lopenummer MakeLopenummer(std::uint64_t n);
std::string Text(const domain::Lopenummer& lopenummer);

// A map of SyntheticId(i) to MakeLopenummer(i), for i below count.
std::unique_ptr<LopenummerMap> MakeMap(std::uint64_t count);

// Rows `identifier;løpenummer` in the order of key files, with header.
std::string KeyFilePlaintext(std::vector<std::pair<std::string, domain::Lopenummer>> rows, char delimiter = ';');

// A comment for a file of so many rows and persons.
crypto::KeyFileComment MakeComment(std::uint64_t rows, std::uint64_t persons);

// Keys to seal and open with, and the sealing itself.
class Sealer {
 public:
  Sealer();
  // Writes "<name>" and "<name>.minisig".
  void Seal(const TemporaryFolder& folder, std::string_view name, std::string_view plaintext,
            const crypto::KeyFileComment& comment);
  SealedKeyFile File(const TemporaryFolder& folder, std::string_view name) const;

  crypto::SecretArena& arena() { return *arena_; }
  const crypto::AgeIdentity& identity() const { return *identity_; }
  const crypto::MinisignPublicKey& public_key() const { return signer_->public_key(); }

 private:
  std::unique_ptr<crypto::SecretArena> arena_;
  std::unique_ptr<crypto::AgeIdentity> identity_;
  std::unique_ptr<crypto::MinisignSigner> signer_;
};

// The reason of a refused status, as its stable name; "OK" if it is none.
std::string ReasonName(const absl::Status& status);
// The value of a detail, or "" if it is not there.
std::string DetailOf(const absl::Status& status, std::string_view name);

}  // namespace kobling::client

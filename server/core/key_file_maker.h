// Computes the rows of a key file and seals them. No row touches a disk in clear.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/age_key.h"
#include "crypto/derivations.h"
#include "crypto/minisign.h"
#include "crypto/sha256.h"
#include "domain/ids.h"
#include "domain/lopenummer.h"
#include "server/core/core.h"
#include "server/core/key_file_content.h"
#include "server/core/key_file_folder.h"
#include "storage/number_set.h"

namespace kobling::server {

// The løpenumre of some persons, by the number of each person's representative identifier.
class LopenummerTable {
 public:
  // Computes them. Fails with LOPENUMMER_COLLISION if two persons would share one, and as the directory does.
  static absl::StatusOr<LopenummerTable> Compute(const Core& core, const crypto::LinkagePrf& prf,
                                                 const storage::NumberSet& representatives);

  std::uint64_t persons() const { return bits_.size(); }

  // The representatives in ascending order, and the løpenummer at each position.
  const std::vector<std::uint32_t>& numbers() const { return numbers_; }
  domain::Lopenummer at(std::size_t position) const { return domain::Lopenummer(bits_[position]); }

  bool HasAll(const storage::NumberSet& representatives) const;
  // Position of a representative of the set. Questions in ascending order are answered at once: `cursor` begins at 0
  // and is kept by the caller.
  std::size_t Find(std::uint32_t representative, std::size_t& cursor) const;

 private:
  std::vector<std::uint32_t> numbers_;
  std::vector<domain::Lopenummer::Bits> bits_;
};

// What is known of a plaintext once it was written.
struct KeyFileText {
  std::uint64_t rows = 0;  // withdrawn ones included
  std::uint64_t withdrawn_rows = 0;
  std::uint64_t persons = 0;
  crypto::Digest digest{};  // keyed
};

struct SealedKeyFile {
  KeyFileText text;
  std::uint64_t sealed_bytes = 0;
  crypto::Digest sha256;
  crypto::MinisignHash hash;
};

// Writes the key file, sealed to the recipient, into `file`. The rows are sorted by løpenummer, then by identifier. The
// caller keeps or drops the file. `lopenumre` must hold all representatives of the content.
absl::StatusOr<SealedKeyFile> SealKeyFile(const Core& core, const KeyFileContent& content,
                                          const LopenummerTable& lopenumre, const crypto::AgeRecipient& recipient,
                                          PendingKeyFile& file);

// Makes the same plaintext in memory, a part at a time, and tells what is known of it.
absl::StatusOr<KeyFileText> MakeKeyFileText(const Core& core, const KeyFileContent& content,
                                            const LopenummerTable& lopenumre);

}  // namespace kobling::server

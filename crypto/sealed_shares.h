// Shares on their way to the people who keep them: one age file each, which only its holder opens, with the stock `age`
// program and without ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/age_key.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Who keeps a share. The name becomes the file's: 1 to 40 of a-z, 0-9 and '-'.
struct ShareHolder {
  std::string name;
  AgeRecipient recipient;
};

// 2 to 16 holders with different names and keys, of whom `needed` together open the KEK, at least 2.
struct ShareHolders {
  std::vector<ShareHolder> holders;
  std::uint8_t needed = 0;
};

// Splits the KEK anew and writes `folder`/<KEK id in hexadecimal>/<name>.age for each holder: the share's line, sealed.
// The folder for the KEK appears with all of its files or not at all, and is on disk before this returns. Its path.
//
// The daily provider's own KEK may be split as well as one that shares alone keep: that is its recovery copy. Fails
// with CONFIGURATION if the holders are not as they should be or the arena is full, with FILE_EXISTS if this KEK has a
// folder already, and with FILE_UNWRITABLE.
absl::StatusOr<std::string> WriteSealedShares(const KeyEncryptionKey& kek, const ShareHolders& holders,
                                              const std::string& folder, SecretArena& arena);

// Destroys the sealed shares of all other KEKs in the folder, and what a crash left of unfinished ones. Touches nothing
// that WriteSealedShares did not make. Nothing to do if there is no such folder. Fails with FILE_UNWRITABLE.
absl::Status DestroySealedSharesExcept(const KekId& kept, const std::string& folder);

}  // namespace kobling::crypto

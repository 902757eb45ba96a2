// The inside of a key file: rows of identifier and løpenummer, believed only when every one of them is right.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/files/atomic_file.h"
#include "client/files/lopenummer_map.h"
#include "crypto/age_key.h"
#include "crypto/key_file_comment.h"
#include "crypto/minisign.h"
#include "crypto/secret_memory.h"
#include "crypto/sha256.h"
#include "domain/lopenummer.h"

namespace kobling::client {

// Whether a row holds; or, in a delta, is one of an earlier file that holds no more; or, in a correction, holds instead
// of what earlier files said of the identifier.
enum class KeyFileChange : std::uint8_t { kHolds, kWithdrawn, kCorrected };

struct KeyFileRow {
  std::uint64_t identifier;       // the eleven digits as a number
  domain::Lopenummer lopenummer;  // of a correction, the new one
  KeyFileChange change;
  std::string_view text;  // the row as it stands in the file, with its line feed; valid during the call only
};

// Who takes the rows of a key file. Nothing that it was given may be used, or shown, before the function that calls it
// has returned without error: a later row may show that the file is wrong.
class KeyFileRows {
 public:
  virtual ~KeyFileRows() = default;
  // Once, first: what the file says of itself. Its signature is right.
  virtual absl::Status Begin(const crypto::KeyFileComment& comment) = 0;
  virtual absl::Status Take(const KeyFileRow& row) = 0;
};

// Takes a key file's plaintext in parts of any size and gives its rows on. Refuses with KEY_FILE_ROWS, naming the line:
// another header than `fodselsnummer;lopenummer` (with the comment's delimiter; a delta has a third column, `change`),
// a row that is not eleven digits, the delimiter, a løpenummer with the right check character and a line feed (of a
// delta: and the delimiter with `added` or `withdrawn` before it), rows that are not in strict order of (løpenummer,
// identifier), and other numbers of rows, withdrawn rows or persons than the comment says. A correction has the header
// `fodselsnummer;old_lopenummer;new_lopenummer;date;cause` and rows of that, in the order of the new løpenummer; the
// two must differ, the date exist, and the cause be `merged` or `split`. Not thread-safe.
class KeyFileRowParser {
 public:
  // `rows` must outlive the parser. Begin is left to the caller.
  KeyFileRowParser(const crypto::KeyFileComment& comment, KeyFileRows& rows);

  [[nodiscard]] absl::Status Add(std::string_view plaintext);
  [[nodiscard]] absl::Status Finish();

 private:
  absl::Status AddToUnevenRow(std::string_view& plaintext);
  absl::Status TakePiece(std::string_view piece);
  absl::Status TakeRow(std::string_view text);
  std::optional<KeyFileChange> ChangeOf(std::string_view text) const;
  bool IsCorrection(std::string_view text) const;
  absl::Status CheckOldLopenummer(std::string_view text) const;
  absl::Status Wrong(std::string_view hint) const;

  KeyFileRows& rows_;
  char delimiter_;
  crypto::KeyFileKind kind_;
  std::size_t lopenummer_at_;  // in a row; of a correction, the new one
  std::uint64_t expected_rows_;
  std::uint64_t expected_withdrawn_;
  std::uint64_t expected_persons_;
  std::string header_;
  std::string waiting_;  // the beginning of a row whose end has not come yet
  std::string previous_;
  std::uint64_t lines_ = 0;
  std::uint64_t row_count_ = 0;
  std::uint64_t withdrawn_count_ = 0;
  std::uint64_t person_count_ = 0;
  domain::Lopenummer lopenummer_;
};

// A sealed file with its signature, and the key that is trusted. The key must outlive the call that this is given to.
struct SignedFile {
  std::string path;
  std::string signature_path;  // usually path + ".minisig"
  const crypto::MinisignPublicKey& public_key;
};

// What the service has signed of a sealed file, and the digest of the file.
struct DescribedKeyFile {
  crypto::KeyFileComment comment;
  crypto::Digest sha256;
};

// Verifies the signature over the whole sealed file, without opening it. Fails with FILE_NOT_FOUND, FILE_UNREADABLE or
// KEY_FILE_SIGNATURE.
absl::StatusOr<DescribedKeyFile> DescribeKeyFile(const SignedFile& file);

// Where a sealed key file is, and what opens it. The references must outlive the call that it is given to.
struct SealedKeyFile {
  std::string path;
  std::string signature_path;  // usually path + ".minisig"
  const crypto::MinisignPublicKey& public_key;
  const crypto::AgeIdentity& identity;
  crypto::SecretArena& arena;
};

// Verifies the signature over the whole sealed file first, then opens it and gives its rows on; nothing is written to
// disk. Fails with FILE_NOT_FOUND, FILE_UNREADABLE, KEY_FILE_SIGNATURE, KEY_FILE_ALTERED, KEY_FILE_TRUNCATED,
// KEY_FILE_RECIPIENT, KEY_FILE_ROWS, or as the taker of the rows does.
absl::StatusOr<crypto::KeyFileComment> OpenKeyFile(const SealedKeyFile& file, KeyFileRows& rows);

// Opens a key file to plaintext. The target (0600) appears only when the last row was right; else nothing is left
// behind.
absl::StatusOr<crypto::KeyFileComment> OpenKeyFileToCsv(const SealedKeyFile& file, const std::string& target,
                                                        Overwrite overwrite);

// Key files opened into memory: the rows that hold after the last of them, which is the one that `comment` is of.
struct LoadedKeyFile {
  crypto::KeyFileComment comment;
  std::unique_ptr<LopenummerMap> map;
};
// One file, or several in the order of their numbers, each a delta or correction that goes on from the one before it.
// What a delta adds holds, wherever in the file the row stands that withdraws the identifier's earlier number. A
// correction changes rows that are there and adds none. Fails with USAGE, naming both numbers, if a file does not go on
// from the one before it, or if the first one is a correction.
absl::StatusOr<LoadedKeyFile> LoadKeyFiles(std::span<const SealedKeyFile> files);

}  // namespace kobling::client

#include "client/files/key_file_rows.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/files/identifier_scan.h"
#include "domain/error.h"
#include "domain/national_id.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::Lopenummer;
using domain::MakeError;
using domain::NationalId;
using domain::Reason;

constexpr std::size_t kLopenummerAt = NationalId::kLength + 1;
constexpr std::size_t kRowBytes = kLopenummerAt + Lopenummer::kLength + 1;
constexpr std::string_view kAdded = "added\n";
constexpr std::string_view kWithdrawn = "withdrawn\n";
constexpr std::size_t kMostDeltaRowBytes = kRowBytes + kWithdrawn.size();

std::string HeaderOf(const crypto::KeyFileComment& comment) {
  const std::string delimiter(1, comment.delimiter == crypto::KeyFileDelimiter::kComma ? ',' : ';');
  return "fodselsnummer" + delimiter + "lopenummer" +
         (comment.kind == crypto::KeyFileKind::kDelta ? delimiter + "change\n" : "\n");
}

}  // namespace

KeyFileRowParser::KeyFileRowParser(const crypto::KeyFileComment& comment, KeyFileRows& rows)
    : rows_(rows),
      delimiter_(comment.delimiter == crypto::KeyFileDelimiter::kComma ? ',' : ';'),
      is_delta_(comment.kind == crypto::KeyFileKind::kDelta),
      expected_rows_(comment.rows),
      expected_withdrawn_(comment.withdrawn),
      expected_persons_(comment.persons),
      header_(HeaderOf(comment)),
      lopenummer_(Lopenummer::Bits{}) {}

absl::Status KeyFileRowParser::Wrong(std::string_view hint) const {
  return MakeError(Reason::kKeyFileRows, {{DetailKey::kLine, lines_}, {DetailKey::kHint, hint}});
}

absl::Status KeyFileRowParser::Add(std::string_view plaintext) {
  while (!plaintext.empty()) {
    if (is_delta_ && lines_ > 0) {
      KOBLING_RETURN_IF_ERROR(AddToDeltaRow(plaintext));
      continue;
    }
    const std::size_t piece = lines_ == 0 ? header_.size() : kRowBytes;
    if (waiting_.empty() && plaintext.size() >= piece) {
      KOBLING_RETURN_IF_ERROR(TakePiece(plaintext.substr(0, piece)));
      plaintext.remove_prefix(piece);
      continue;
    }
    const std::size_t taken = std::min(piece - waiting_.size(), plaintext.size());
    waiting_.append(plaintext.substr(0, taken));
    plaintext.remove_prefix(taken);
    if (waiting_.size() == piece) {
      KOBLING_RETURN_IF_ERROR(TakePiece(waiting_));
      waiting_.clear();
    }
  }
  return absl::OkStatus();
}

// Rows of a delta are of two lengths, so that only the line feed tells where one ends.
absl::Status KeyFileRowParser::AddToDeltaRow(std::string_view& plaintext) {
  const std::size_t line_feed = plaintext.find('\n');
  const std::size_t taken = std::min(line_feed == std::string_view::npos ? plaintext.size() : line_feed + 1,
                                     kMostDeltaRowBytes - waiting_.size());
  waiting_.append(plaintext.substr(0, taken));
  plaintext.remove_prefix(taken);
  if (waiting_.back() == '\n' || waiting_.size() == kMostDeltaRowBytes) {
    KOBLING_RETURN_IF_ERROR(TakePiece(waiting_));
    waiting_.clear();
  }
  return absl::OkStatus();
}

std::optional<KeyFileChange> KeyFileRowParser::ChangeOf(std::string_view text) const {
  const std::string_view rest = text.substr(std::min(text.size(), kRowBytes - 1));
  if (!is_delta_) {
    return rest == "\n" ? std::optional(KeyFileChange::kHolds) : std::nullopt;
  }
  if (!rest.starts_with(delimiter_)) {
    return std::nullopt;
  }
  return rest.substr(1) == kAdded       ? std::optional(KeyFileChange::kHolds)
         : rest.substr(1) == kWithdrawn ? std::optional(KeyFileChange::kWithdrawn)
                                        : std::nullopt;
}

absl::Status KeyFileRowParser::TakePiece(std::string_view piece) {
  ++lines_;
  if (lines_ > 1) {
    return TakeRow(piece);
  }
  return piece == header_ ? absl::OkStatus() : Wrong("not the header of a key file");
}

absl::Status KeyFileRowParser::TakeRow(std::string_view text) {
  const std::optional<KeyFileChange> change = ChangeOf(text);
  const auto identifier = change.has_value() ? PackElevenDigits(text.substr(0, NationalId::kLength)) : std::nullopt;
  if (!identifier.has_value() || text[NationalId::kLength] != delimiter_) {
    return Wrong(is_delta_ ? "not a row of eleven digits, a lopenummer and a change"
                           : "not a row of eleven digits and a lopenummer");
  }
  const std::string_view lopenummer = text.substr(kLopenummerAt, Lopenummer::kLength);
  const std::string_view previous = previous_;
  const int order = previous.empty() ? 1 : lopenummer.compare(previous.substr(kLopenummerAt, Lopenummer::kLength));
  if (order < 0 || (order == 0 && text.substr(0, NationalId::kLength) <= previous.substr(0, NationalId::kLength))) {
    return Wrong("rows out of order, or a row twice");
  }
  if (order != 0) {
    const auto parsed = Lopenummer::Parse(lopenummer);
    if (!parsed.lopenummer.has_value()) {
      return Wrong(domain::InfoOf(parsed.fault).name);
    }
    lopenummer_ = *parsed.lopenummer;
    ++person_count_;
  }
  ++row_count_;
  withdrawn_count_ += *change == KeyFileChange::kWithdrawn ? 1 : 0;
  if (row_count_ > expected_rows_ || person_count_ > expected_persons_) {
    return Wrong("more rows or persons than the signed comment says");
  }
  previous_.assign(text);
  return rows_.Take({*identifier, lopenummer_, *change, text});
}

absl::Status KeyFileRowParser::Finish() {
  ++lines_;
  if (!waiting_.empty() || lines_ == 1) {
    return Wrong("the last line is not whole");
  }
  if (row_count_ != expected_rows_ || person_count_ != expected_persons_) {
    return Wrong("fewer rows or persons than the signed comment says");
  }
  if (withdrawn_count_ != expected_withdrawn_) {
    return Wrong("another number of withdrawn rows than the signed comment says");
  }
  return absl::OkStatus();
}

namespace {

class CsvTarget final : public KeyFileRows {
 public:
  explicit CsvTarget(AtomicFile& file) : file_(file) {}
  absl::Status Begin(const crypto::KeyFileComment& comment) override { return file_.Write(HeaderOf(comment)); }
  absl::Status Take(const KeyFileRow& row) override { return file_.Write(row.text); }

 private:
  AtomicFile& file_;
};

bool GoesOnFrom(const crypto::KeyFileComment& earlier, const crypto::KeyFileComment& later) {
  return later.kind == crypto::KeyFileKind::kDelta && later.since == earlier.number &&
         later.project == earlier.project && later.register_id == earlier.register_id &&
         later.key_version == earlier.key_version;
}

// Gathers the rows of one file after the other.
class MapTarget final : public KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment& comment) override {
    if (last_.has_value() && !GoesOnFrom(*last_, comment)) {
      return MakeError(Reason::kUsage, {{DetailKey::kHint, "key file " + std::to_string(comment.number) +
                                                               " is no delta that goes on from key file " +
                                                               std::to_string(last_->number) +
                                                               "; give a full file, then its deltas in the order of "
                                                               "their numbers"}});
    }
    last_ = comment;
    auto larger = std::make_unique<LopenummerMap>(comment.rows + (map_ == nullptr ? 0 : map_->rows()));
    if (map_ != nullptr) {
      KOBLING_RETURN_IF_ERROR(map_->CopyTo(*larger));
    }
    map_ = std::move(larger);
    return absl::OkStatus();
  }
  absl::Status Take(const KeyFileRow& row) override {
    if (row.change == KeyFileChange::kWithdrawn) {
      map_->Remove(row.identifier);
      return absl::OkStatus();
    }
    return map_->Insert(row.identifier, row.lopenummer);
  }
  std::unique_ptr<LopenummerMap> TakeMap() { return std::move(map_); }

 private:
  std::optional<crypto::KeyFileComment> last_;
  std::unique_ptr<LopenummerMap> map_;
};

}  // namespace

absl::StatusOr<crypto::KeyFileComment> OpenKeyFileToCsv(const SealedKeyFile& file, const std::string& target,
                                                        Overwrite overwrite) {
  KOBLING_ASSIGN_OR_RETURN(const auto output, AtomicFile::Create(target, overwrite));
  CsvTarget rows(*output);
  KOBLING_ASSIGN_OR_RETURN(crypto::KeyFileComment comment, OpenKeyFile(file, rows));
  KOBLING_RETURN_IF_ERROR(output->Commit());
  return comment;
}

absl::StatusOr<LoadedKeyFile> LoadKeyFiles(std::span<const SealedKeyFile> files) {
  MapTarget rows;
  std::optional<crypto::KeyFileComment> last;
  for (const SealedKeyFile& file : files) {
    KOBLING_ASSIGN_OR_RETURN(last, OpenKeyFile(file, rows));
  }
  return LoadedKeyFile{*std::move(last), rows.TakeMap()};
}

}  // namespace kobling::client

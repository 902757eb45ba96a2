#include "client/files/key_file_rows.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/time/civil_time.h"
#include "client/files/identifier_scan.h"
#include "domain/error.h"
#include "domain/national_id.h"
#include "domain/status_macros.h"
#include "domain/text.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::Lopenummer;
using domain::MakeError;
using domain::NationalId;
using domain::Reason;

using crypto::KeyFileKind;

constexpr std::size_t kSecondAt = NationalId::kLength + 1;
constexpr std::size_t kThirdAt = kSecondAt + Lopenummer::kLength + 1;
constexpr std::size_t kRowBytes = kThirdAt;
constexpr std::string_view kAdded = "added\n";
constexpr std::string_view kWithdrawn = "withdrawn\n";
constexpr std::size_t kMostDeltaRowBytes = kRowBytes + kWithdrawn.size();

// Of a correction: where the date and the cause stand.
constexpr std::size_t kDateBytes = 10;
constexpr std::size_t kDateAt = kThirdAt + Lopenummer::kLength + 1;
constexpr std::size_t kCauseAt = kDateAt + kDateBytes + 1;
constexpr std::string_view kMerged = "merged\n";
constexpr std::string_view kSplit = "split\n";
constexpr std::size_t kMostCorrectionRowBytes = kCauseAt + kMerged.size();

char DelimiterOf(const crypto::KeyFileComment& comment) {
  return comment.delimiter == crypto::KeyFileDelimiter::kComma ? ',' : ';';
}

std::string HeaderOf(const crypto::KeyFileComment& comment) {
  std::string header = comment.kind == KeyFileKind::kDelta ? "fodselsnummer;lopenummer;change\n"
                       : comment.kind == KeyFileKind::kCorrection
                           ? "fodselsnummer;old_lopenummer;new_lopenummer;date;cause\n"
                           : "fodselsnummer;lopenummer\n";
  std::replace(header.begin(), header.end(), ';', DelimiterOf(comment));
  return header;
}

// "2026-11-22", and there is such a day.
bool IsDate(std::string_view text) {
  absl::CivilDay day;
  return absl::ParseCivilTime(domain::ToAbsl(text), &day) && absl::FormatCivilTime(day) == domain::ToAbsl(text);
}

}  // namespace

KeyFileRowParser::KeyFileRowParser(const crypto::KeyFileComment& comment, KeyFileRows& rows)
    : rows_(rows),
      delimiter_(DelimiterOf(comment)),
      kind_(comment.kind),
      lopenummer_at_(comment.kind == KeyFileKind::kCorrection ? kThirdAt : kSecondAt),
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
    if (kind_ != KeyFileKind::kFull && lines_ > 0) {
      KOBLING_RETURN_IF_ERROR(AddToUnevenRow(plaintext));
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

// Rows of a delta or a correction are of two lengths, so that only the line feed tells where one ends.
absl::Status KeyFileRowParser::AddToUnevenRow(std::string_view& plaintext) {
  const std::size_t most = kind_ == KeyFileKind::kDelta ? kMostDeltaRowBytes : kMostCorrectionRowBytes;
  const std::size_t line_feed = plaintext.find('\n');
  const std::size_t taken =
      std::min(line_feed == std::string_view::npos ? plaintext.size() : line_feed + 1, most - waiting_.size());
  waiting_.append(plaintext.substr(0, taken));
  plaintext.remove_prefix(taken);
  if (waiting_.back() == '\n' || waiting_.size() == most) {
    KOBLING_RETURN_IF_ERROR(TakePiece(waiting_));
    waiting_.clear();
  }
  return absl::OkStatus();
}

std::optional<KeyFileChange> KeyFileRowParser::ChangeOf(std::string_view text) const {
  if (kind_ == KeyFileKind::kCorrection) {
    return IsCorrection(text) ? std::optional(KeyFileChange::kCorrected) : std::nullopt;
  }
  const std::string_view rest = text.substr(std::min(text.size(), kRowBytes - 1));
  if (kind_ == KeyFileKind::kFull) {
    return rest == "\n" ? std::optional(KeyFileChange::kHolds) : std::nullopt;
  }
  if (!rest.starts_with(delimiter_)) {
    return std::nullopt;
  }
  return rest.substr(1) == kAdded       ? std::optional(KeyFileChange::kHolds)
         : rest.substr(1) == kWithdrawn ? std::optional(KeyFileChange::kWithdrawn)
                                        : std::nullopt;
}

bool KeyFileRowParser::IsCorrection(std::string_view text) const {
  const std::string_view cause = text.substr(std::min(text.size(), kCauseAt));
  return (cause == kMerged || cause == kSplit) && text[kThirdAt - 1] == delimiter_ && text[kDateAt - 1] == delimiter_ &&
         text[kCauseAt - 1] == delimiter_ && IsDate(text.substr(kDateAt, kDateBytes));
}

absl::Status KeyFileRowParser::CheckOldLopenummer(std::string_view text) const {
  const std::string_view old = text.substr(kSecondAt, Lopenummer::kLength);
  if (const auto parsed = Lopenummer::Parse(old); !parsed.lopenummer.has_value()) {
    return Wrong(domain::InfoOf(parsed.fault).name);
  }
  return old == text.substr(lopenummer_at_, Lopenummer::kLength) ? Wrong("the old and the new lopenummer are the same")
                                                                 : absl::OkStatus();
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
    return Wrong(kind_ == KeyFileKind::kDelta        ? "not a row of eleven digits, a lopenummer and a change"
                 : kind_ == KeyFileKind::kCorrection ? "not a row of eleven digits, two lopenumre, a date and a cause"
                                                     : "not a row of eleven digits and a lopenummer");
  }
  const std::string_view lopenummer = text.substr(lopenummer_at_, Lopenummer::kLength);
  const std::string_view previous = previous_;
  const int order = previous.empty() ? 1 : lopenummer.compare(previous.substr(lopenummer_at_, Lopenummer::kLength));
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
  if (kind_ == KeyFileKind::kCorrection) {
    KOBLING_RETURN_IF_ERROR(CheckOldLopenummer(text));
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
  return later.kind != KeyFileKind::kFull && later.since == earlier.number && later.project == earlier.project &&
         later.register_id == earlier.register_id && later.key_version == earlier.key_version;
}

// Gathers the rows of one file after the other.
class MapTarget final : public KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment& comment) override {
    KOBLING_RETURN_IF_ERROR(CheckOrder(comment));
    last_ = comment;
    auto larger = std::make_unique<LopenummerMap>(comment.rows + (map_ == nullptr ? 0 : map_->rows()));
    if (map_ != nullptr) {
      KOBLING_RETURN_IF_ERROR(map_->CopyTo(*larger));
    }
    map_ = std::move(larger);
    return absl::OkStatus();
  }
  absl::Status Take(const KeyFileRow& row) override {
    switch (row.change) {
      case KeyFileChange::kHolds:
        return map_->Insert(row.identifier, row.lopenummer);
      case KeyFileChange::kWithdrawn:
        map_->RemoveCopied(row.identifier);
        return absl::OkStatus();
      case KeyFileChange::kCorrected: {
        // A delta before it may have told the new number already: the correction is of what was delivered before that.
        const auto place = map_->Find(row.identifier);
        const bool is_new = place.has_value() && map_->At(*place) != row.lopenummer;
        return is_new ? map_->Insert(row.identifier, row.lopenummer) : absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }
  std::unique_ptr<LopenummerMap> TakeMap() { return std::move(map_); }

 private:
  absl::Status CheckOrder(const crypto::KeyFileComment& comment) const {
    const auto refused = [](const std::string& hint) { return MakeError(Reason::kUsage, {{DetailKey::kHint, hint}}); };
    if (!last_.has_value()) {
      return comment.kind == KeyFileKind::kCorrection
                 ? refused("key file " + std::to_string(comment.number) +
                           " is a correction; give it after the key files that it goes on from")
                 : absl::OkStatus();
    }
    return GoesOnFrom(*last_, comment)
               ? absl::OkStatus()
               : refused("key file " + std::to_string(comment.number) +
                         " is no delta or correction that goes on from key file " + std::to_string(last_->number) +
                         "; give a full file, then its deltas and corrections in the order of their numbers");
  }

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

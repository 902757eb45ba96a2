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

}  // namespace

KeyFileRowParser::KeyFileRowParser(const crypto::KeyFileComment& comment, KeyFileRows& rows)
    : rows_(rows),
      delimiter_(comment.delimiter == crypto::KeyFileDelimiter::kComma ? ',' : ';'),
      expected_rows_(comment.rows),
      expected_persons_(comment.persons),
      header_(std::string("fodselsnummer") + delimiter_ + "lopenummer\n"),
      lopenummer_(Lopenummer::Bits{}) {}

absl::Status KeyFileRowParser::Wrong(std::string_view hint) const {
  return MakeError(Reason::kKeyFileRows, {{DetailKey::kLine, lines_}, {DetailKey::kHint, hint}});
}

absl::Status KeyFileRowParser::Add(std::string_view plaintext) {
  while (!plaintext.empty()) {
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

absl::Status KeyFileRowParser::TakePiece(std::string_view piece) {
  ++lines_;
  if (lines_ > 1) {
    return TakeRow(piece);
  }
  return piece == header_ ? absl::OkStatus() : Wrong("not the header of a key file");
}

absl::Status KeyFileRowParser::TakeRow(std::string_view text) {
  const std::string_view lopenummer = text.substr(kLopenummerAt, Lopenummer::kLength);
  const auto identifier = PackElevenDigits(text.substr(0, NationalId::kLength));
  if (!identifier.has_value() || text[NationalId::kLength] != delimiter_ || text.back() != '\n') {
    return Wrong("not a row of eleven digits and a lopenummer");
  }
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
  if (row_count_ > expected_rows_ || person_count_ > expected_persons_) {
    return Wrong("more rows or persons than the signed comment says");
  }
  previous_.assign(text);
  return rows_.Take({*identifier, lopenummer_, text});
}

absl::Status KeyFileRowParser::Finish() {
  ++lines_;
  if (!waiting_.empty() || lines_ == 1) {
    return Wrong("the last line is not whole");
  }
  if (row_count_ != expected_rows_ || person_count_ != expected_persons_) {
    return Wrong("fewer rows or persons than the signed comment says");
  }
  return absl::OkStatus();
}

namespace {

class CsvTarget final : public KeyFileRows {
 public:
  explicit CsvTarget(AtomicFile& file) : file_(file) {}
  absl::Status Begin(const crypto::KeyFileComment& comment) override {
    const bool comma = comment.delimiter == crypto::KeyFileDelimiter::kComma;
    return file_.Write(comma ? "fodselsnummer,lopenummer\n" : "fodselsnummer;lopenummer\n");
  }
  absl::Status Take(const KeyFileRow& row) override { return file_.Write(row.text); }

 private:
  AtomicFile& file_;
};

class MapTarget final : public KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment& comment) override {
    map_ = std::make_unique<LopenummerMap>(comment.rows);
    return absl::OkStatus();
  }
  absl::Status Take(const KeyFileRow& row) override { return map_->Insert(row.identifier, row.lopenummer); }
  std::unique_ptr<LopenummerMap> TakeMap() { return std::move(map_); }

 private:
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

absl::StatusOr<LoadedKeyFile> LoadKeyFile(const SealedKeyFile& file) {
  MapTarget rows;
  KOBLING_ASSIGN_OR_RETURN(crypto::KeyFileComment comment, OpenKeyFile(file, rows));
  return LoadedKeyFile{std::move(comment), rows.TakeMap()};
}

}  // namespace kobling::client

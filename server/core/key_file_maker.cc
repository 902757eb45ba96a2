#include "server/core/key_file_maker.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include "crypto/age.h"
#include "domain/error.h"
#include "domain/national_id.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::Lopenummer;
using domain::NationalId;

constexpr std::string_view kHeader = "fodselsnummer;lopenummer\n";
constexpr std::string_view kDeltaHeader = "fodselsnummer;lopenummer;change\n";
constexpr std::string_view kCorrectionHeader = "fodselsnummer;old_lopenummer;new_lopenummer;date;cause\n";
constexpr std::string_view kAddedWord = "added";
constexpr std::string_view kWithdrawnWord = "withdrawn";
// Longest is a row of a correction, with two løpenumre, a date and a cause.
constexpr std::size_t kMostRowBytes = NationalId::kLength + 2 * (1 + Lopenummer::kLength) + 32;
constexpr std::size_t kBufferRows = 8192;
constexpr std::uint64_t kPersonsWorthAThread = 20'000;

// A row as 128 bits that sort as the file does: 80 bits of løpenummer, then the identifier; the last bit says that the
// row is withdrawn.
struct Row {
  std::uint64_t high;
  std::uint64_t low;
  friend auto operator<=>(const Row&, const Row&) = default;
};

enum class RowKind : std::uint8_t { kHolds = 0, kWithdrawn = 1 };

Row MakeRow(const Lopenummer::Bits& bits, const NationalId& identifier, RowKind kind) {
  Row row{0, 0};
  for (std::size_t i = 0; i < 8; ++i) {
    row.high = (row.high << 8) | bits[i];
  }
  row.low = (std::uint64_t{bits[8]} << 56) | (std::uint64_t{bits[9]} << 48) | (identifier.packed() << 1) |
            static_cast<std::uint64_t>(kind);
  return row;
}

Lopenummer LopenummerOf(const Row& row) {
  Lopenummer::Bits bits;
  for (std::size_t i = 0; i < 8; ++i) {
    bits[i] = static_cast<std::uint8_t>(row.high >> (56 - 8 * i));
  }
  bits[8] = static_cast<std::uint8_t>(row.low >> 56);
  bits[9] = static_cast<std::uint8_t>(row.low >> 48);
  return Lopenummer(bits);
}

bool IsWithdrawn(const Row& row) { return (row.low & 1) != 0; }

void AppendIdentifier(const Row& row, std::string& text) {
  std::array<char, NationalId::kLength> digits;
  std::uint64_t packed = (row.low & 0xffff'ffff'ffffULL) >> 1;
  for (std::size_t i = digits.size(); i-- > 0;) {
    digits[i] = static_cast<char>('0' + packed % 10);
    packed /= 10;
  }
  text.append(digits.data(), digits.size());
}

void AppendLopenummer(const Lopenummer& lopenummer, std::string& text) {
  std::array<char, Lopenummer::kLength> letters;
  lopenummer.CopyText(letters);
  text.append(letters.data(), letters.size());
}

void AppendRow(const Row& row, records::KeyFileKindRecord kind, std::string& text) {
  AppendIdentifier(row, text);
  text.push_back(';');
  AppendLopenummer(LopenummerOf(row), text);
  if (kind == records::KEY_FILE_KIND_RECORD_DELTA) {
    text.push_back(';');
    text.append(IsWithdrawn(row) ? kWithdrawnWord : kAddedWord);
  }
  text.push_back('\n');
}

// A row of a correction; they sort as the file does.
struct CorrectionRow {
  Row row;  // with the new løpenummer
  Lopenummer::Bits before;
  const CorrectedRow* corrected;
};

void AppendCorrection(const CorrectionRow& row, std::string& text) {
  AppendIdentifier(row.row, text);
  text.push_back(';');
  AppendLopenummer(Lopenummer(row.before), text);
  text.push_back(';');
  AppendLopenummer(LopenummerOf(row.row), text);
  text.push_back(';');
  text.append(row.corrected->date);
  text.append(row.corrected->cause == storage::RepresentativeChange::Cause::kSplit ? ";split\n" : ";merged\n");
}

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Passes sealed bytes on to the file and through both hashes.
class HashingSink final : public crypto::ByteSink {
 public:
  explicit HashingSink(PendingKeyFile& file) : file_(file) {}

  absl::Status Write(std::span<const std::uint8_t> bytes) override {
    sha256_.Update(bytes);
    minisign_.Update(bytes);
    size_ += bytes.size();
    return file_.Write(bytes);
  }

  void Finish(SealedKeyFile& result) {
    result.sealed_bytes = size_;
    result.sha256 = sha256_.Finish();
    result.hash = minisign_.Finish();
  }

 private:
  PendingKeyFile& file_;
  crypto::Sha256Hasher sha256_;
  crypto::MinisignHasher minisign_;
  std::uint64_t size_ = 0;
};

// Most pairs differ in their first 64 bits, which sort faster than all 80; only if two agree there is more to see.
bool AllDistinct(const std::vector<Lopenummer::Bits>& lopenumre) {
  std::vector<std::uint64_t> beginnings(lopenumre.size());
  for (std::size_t i = 0; i < lopenumre.size(); ++i) {
    std::memcpy(&beginnings[i], lopenumre[i].data(), sizeof beginnings[i]);
  }
  std::sort(beginnings.begin(), beginnings.end());
  if (std::adjacent_find(beginnings.begin(), beginnings.end()) == beginnings.end()) {
    return true;
  }
  std::vector<Lopenummer::Bits> sorted = lopenumre;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
}

// Rows in clear, which are wiped when they are done with, however that is.
template <typename AnyRow>
class SecretRows {
 public:
  SecretRows() = default;
  SecretRows(const SecretRows&) = delete;
  SecretRows& operator=(const SecretRows&) = delete;
  ~SecretRows() {
    crypto::Wipe(std::span(reinterpret_cast<std::uint8_t*>(rows_.data()), rows_.size() * sizeof(AnyRow)));
  }
  // To be reserved before anything is put in: it must not move.
  std::vector<AnyRow>& operator*() { return rows_; }

 private:
  std::vector<AnyRow> rows_;
};

absl::Status CollectRows(const Core& core, const KeyFileContent& content, const LopenummerTable& lopenumre,
                         std::vector<Row>& rows) {
  rows.reserve(content.rows.cardinality() + content.withdrawn.cardinality());
  const auto collect = [&](const storage::NumberSet& identifiers, const storage::RepresentativeTable& table,
                           RowKind kind) {
    std::size_t cursor = 0;
    auto other = table.others().begin();  // both ascend
    return core.directory.ForEach(identifiers, [&](domain::IdentifierNumber number, const NationalId& identifier) {
      auto representative = static_cast<std::uint32_t>(number);
      while (other != table.others().end() && other->first < representative) {
        ++other;
      }
      if (other != table.others().end() && other->first == representative) {
        representative = other->second;
      }
      const std::size_t position = lopenumre.Find(representative, cursor);
      rows.push_back(MakeRow(lopenumre.at(position).bits(), identifier, kind));
    });
  };
  KOBLING_RETURN_IF_ERROR(collect(content.rows, content.representatives, RowKind::kHolds));
  KOBLING_RETURN_IF_ERROR(collect(content.withdrawn, content.held, RowKind::kWithdrawn));
  std::sort(rows.begin(), rows.end());
  return absl::OkStatus();
}

bool IsOfAnotherPerson(const Row& row, const Row& before) {
  return row.high != before.high || row.low >> 48 != before.low >> 48;
}

// Makes the plaintext of rows in their order and gives it to `write` in parts. `append(row, text)` adds a line.
template <typename AnyRow, typename Append, typename WritePart>
absl::StatusOr<crypto::Digest> WriteLines(const Core& core, std::string_view header, const std::vector<AnyRow>& rows,
                                          const Append& append, const WritePart& write) {
  auto digest = core.keys.digest.Start("key-file");
  const auto pass_on = [&](std::string_view part) {
    digest.Update(Bytes(part));
    return write(Bytes(part));
  };
  KOBLING_RETURN_IF_ERROR(pass_on(header));
  std::string text;
  text.reserve(kBufferRows * kMostRowBytes);  // it never moves, so that nothing of it is left behind
  absl::Status status;
  for (std::size_t begin = 0; begin < rows.size() && status.ok(); begin += kBufferRows) {
    text.clear();
    const std::size_t end = std::min(begin + kBufferRows, rows.size());
    for (std::size_t i = begin; i < end; ++i) {
      append(rows[i], text);
    }
    status = pass_on(text);
  }
  crypto::Wipe(std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.capacity()));
  KOBLING_RETURN_IF_ERROR(status);
  return digest.Finish();
}

template <typename WritePart>
absl::StatusOr<KeyFileText> WriteRows(const Core& core, const KeyFileContent& content, const LopenummerTable& lopenumre,
                                      const WritePart& write) {
  SecretRows<Row> secret;
  std::vector<Row>& rows = *secret;
  KOBLING_RETURN_IF_ERROR(CollectRows(core, content, lopenumre, rows));
  KeyFileText result;
  result.rows = rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result.persons += i == 0 || IsOfAnotherPerson(rows[i], rows[i - 1]) ? 1 : 0;
    result.withdrawn_rows += IsWithdrawn(rows[i]) ? 1 : 0;
  }
  const auto digest = WriteLines(
      core, content.kind == records::KEY_FILE_KIND_RECORD_DELTA ? kDeltaHeader : kHeader, rows,
      [&](const Row& row, std::string& text) { AppendRow(row, content.kind, text); }, write);
  KOBLING_ASSIGN_OR_RETURN(result.digest, digest);
  return result;
}

template <typename WritePart>
absl::StatusOr<KeyFileText> WriteCorrection(const Core& core, const KeyFileContent& content,
                                            const LopenummerTable& lopenumre, const WritePart& write) {
  SecretRows<CorrectionRow> secret;
  std::vector<CorrectionRow>& rows = *secret;
  rows.reserve(content.corrected.size());
  auto corrected = content.corrected.begin();
  const auto bits_of = [&](std::uint32_t representative) {
    std::size_t cursor = 0;
    return lopenumre.at(lopenumre.Find(representative, cursor)).bits();
  };
  KOBLING_RETURN_IF_ERROR(
      core.directory.ForEach(content.rows, [&](domain::IdentifierNumber /*number*/, const NationalId& identifier) {
        rows.push_back(
            {MakeRow(bits_of(corrected->now), identifier, RowKind::kHolds), bits_of(corrected->before), &*corrected});
        ++corrected;
      }));
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  KeyFileText result;
  result.rows = rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result.persons += i == 0 || IsOfAnotherPerson(rows[i].row, rows[i - 1].row) ? 1 : 0;
  }
  const auto digest = WriteLines(core, kCorrectionHeader, rows, AppendCorrection, write);
  KOBLING_ASSIGN_OR_RETURN(result.digest, digest);
  return result;
}

template <typename WritePart>
absl::StatusOr<KeyFileText> WriteText(const Core& core, const KeyFileContent& content, const LopenummerTable& lopenumre,
                                      const WritePart& write) {
  if (!lopenumre.HasAll(content.Representatives())) {
    return domain::MakeError(domain::Reason::kInternal);  // rather than somebody else's løpenummer
  }
  return content.kind == records::KEY_FILE_KIND_RECORD_CORRECTION ? WriteCorrection(core, content, lopenumre, write)
                                                                  : WriteRows(core, content, lopenumre, write);
}

}  // namespace

absl::StatusOr<LopenummerTable> LopenummerTable::Compute(const Core& core, const crypto::LinkagePrf& prf,
                                                         const storage::NumberSet& representatives) {
  const std::uint64_t persons = representatives.cardinality();
  LopenummerTable table;
  table.numbers_.resize(persons);
  table.bits_.resize(persons);
  const auto fill = [&](const storage::NumberSet& part, std::size_t at) {
    return core.directory.ForEach(part, [&, at](domain::IdentifierNumber number, const NationalId& identifier) mutable {
      table.numbers_[at] = static_cast<std::uint32_t>(number);
      table.bits_[at] = prf.Of(core.keys.person.UidOf(identifier)).bits();
      ++at;
    });
  };
  // Two keyed hashes for each person are most of the work of an issue, so that they are computed by two threads.
  std::uint32_t middle = 0;
  storage::NumberSet upper;
  if (persons > kPersonsWorthAThread && representatives.select(static_cast<std::uint32_t>(persons / 2), &middle)) {
    upper.addRange(middle, std::uint64_t{representatives.maximum()} + 1);
    upper &= representatives;
  }
  const storage::NumberSet lower = representatives - upper;
  absl::Status upper_status;
  {
    const std::jthread second([&] { upper_status = fill(upper, persons - upper.cardinality()); });
    KOBLING_RETURN_IF_ERROR(fill(lower, 0));
  }
  KOBLING_RETURN_IF_ERROR(upper_status);
  if (!AllDistinct(table.bits_)) {
    return domain::MakeError(domain::Reason::kLopenummerCollision);
  }
  return table;
}

bool LopenummerTable::HasAll(const storage::NumberSet& representatives) const {
  auto at = numbers_.begin();
  for (const std::uint32_t representative : representatives) {
    while (at != numbers_.end() && *at < representative) {
      ++at;
    }
    if (at == numbers_.end() || *at != representative) {
      return false;
    }
  }
  return true;
}

std::size_t LopenummerTable::Find(std::uint32_t representative, std::size_t& cursor) const {
  if (cursor >= numbers_.size() || numbers_[cursor] != representative) {
    cursor =
        static_cast<std::size_t>(std::lower_bound(numbers_.begin(), numbers_.end(), representative) - numbers_.begin());
  }
  return cursor++;
}

absl::StatusOr<SealedKeyFile> SealKeyFile(const Core& core, const KeyFileContent& content,
                                          const LopenummerTable& lopenumre, const crypto::AgeRecipient& recipient,
                                          PendingKeyFile& file) {
  SealedKeyFile result;
  HashingSink sink(file);
  KOBLING_ASSIGN_OR_RETURN(const auto writer,
                           crypto::AgeWriter::Create(sink, std::span(&recipient, 1), *core.keys.arena));
  KOBLING_ASSIGN_OR_RETURN(result.text, WriteText(core, content, lopenumre, [&](std::span<const std::uint8_t> part) {
                             return writer->Write(part);
                           }));
  KOBLING_RETURN_IF_ERROR(writer->Finish());
  sink.Finish(result);
  return result;
}

absl::StatusOr<KeyFileText> MakeKeyFileText(const Core& core, const KeyFileContent& content,
                                            const LopenummerTable& lopenumre) {
  return WriteText(core, content, lopenumre, [](std::span<const std::uint8_t> /*part*/) { return absl::OkStatus(); });
}

}  // namespace kobling::server

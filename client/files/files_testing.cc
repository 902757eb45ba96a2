#include "client/files/files_testing.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "client/files/trial_people.h"
#include "domain/national_id_maker.h"

namespace kobling::client {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "kobling-files-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::Write(std::string_view name, std::string_view content) const {
  std::ofstream(Path(name), std::ios::binary) << content;
  return Path(name);
}

std::vector<std::string> TemporaryFolder::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Exists(const std::string& path) { return std::filesystem::exists(path); }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string SyntheticId(std::uint64_t n) {
  static const TrialPeople people(20'000, 7);
  const auto digits = people.Digits(n);
  return std::string(digits.data(), digits.size());
}

std::uint64_t Packed(std::string_view digits) { return std::stoull(std::string(digits)); }

domain::Lopenummer MakeLopenummer(std::uint64_t n) {
  domain::Lopenummer::Bits bits{};
  const std::uint64_t spread = (n + 1) * 0x9E37'79B9'7F4A'7C15u;
  std::memcpy(bits.data(), &spread, sizeof(spread));
  bits[8] = static_cast<std::uint8_t>(n);
  bits[9] = static_cast<std::uint8_t>(n >> 8);
  return domain::Lopenummer(bits);
}

std::string Text(const domain::Lopenummer& lopenummer) {
  std::array<char, domain::Lopenummer::kLength> text;
  lopenummer.CopyText(text);
  return std::string(text.data(), text.size());
}

std::unique_ptr<LopenummerMap> MakeMap(std::uint64_t count) {
  auto map = std::make_unique<LopenummerMap>(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!map->Insert(Packed(SyntheticId(i)), MakeLopenummer(i)).ok()) {
      throw std::runtime_error("identifier twice");
    }
  }
  return map;
}

std::string KeyFilePlaintext(std::vector<std::pair<std::string, domain::Lopenummer>> rows, char delimiter) {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second < b.second : a.first < b.first;
  });
  std::string plaintext = std::string("fodselsnummer") + delimiter + "lopenummer\n";
  for (const auto& [identifier, lopenummer] : rows) {
    plaintext += identifier + delimiter + Text(lopenummer) + "\n";
  }
  return plaintext;
}

crypto::KeyFileComment MakeComment(std::uint64_t rows, std::uint64_t persons) {
  return {.project = *domain::ProjectId::Parse("P0041"),
          .register_id = *domain::RegisterId::Parse("NPR"),
          .number = 7,
          .kind = crypto::KeyFileKind::kFull,
          .rows = rows,
          .persons = persons,
          .duplicates = 0,
          .key_version = 1,
          .map_version = 1,
          .reservations = {},
          .delimiter = crypto::KeyFileDelimiter::kSemicolon,
          .recipient = "",
          .expires = absl::CivilDay(2030, 1, 31),
          .previous = std::nullopt,
          .event = 12};
}

namespace {

class StringSink final : public crypto::ByteSink {
 public:
  absl::Status Write(std::span<const std::uint8_t> bytes) override {
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }
  std::string content;
};

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void Require(const absl::Status& status) {
  if (!status.ok()) {
    throw std::runtime_error(std::string(status.message()));
  }
}

}  // namespace

Sealer::Sealer() : arena_(*crypto::SecretArena::Create(64 * 1024)) {
  identity_ = std::make_unique<crypto::AgeIdentity>(*crypto::AgeIdentity::Generate(*arena_));
  signer_ =
      std::make_unique<crypto::MinisignSigner>(*crypto::SigningKey::Generate(*arena_), crypto::MinisignKeyId{1, 2, 3});
}

void Sealer::Seal(const TemporaryFolder& folder, std::string_view name, std::string_view plaintext,
                  const crypto::KeyFileComment& comment) {
  StringSink sink;
  const std::array recipients = {identity_->recipient()};
  const auto writer = *crypto::AgeWriter::Create(sink, recipients, *arena_);
  Require(writer->Write(Bytes(plaintext)));
  Require(writer->Finish());
  folder.Write(name, sink.content);
  crypto::MinisignHasher hasher;
  hasher.Update(Bytes(sink.content));
  crypto::KeyFileComment signed_comment = comment;
  signed_comment.recipient = identity_->recipient().Fingerprint();
  folder.Write(std::string(name) + ".minisig",
               *signer_->Sign(hasher.Finish(), crypto::FormatKeyFileComment(signed_comment)));
}

SealedKeyFile Sealer::File(const TemporaryFolder& folder, std::string_view name) const {
  return {folder.Path(name), folder.Path(name) + ".minisig", signer_->public_key(), *identity_, *arena_};
}

std::string ReasonName(const absl::Status& status) {
  if (status.ok()) {
    return "OK";
  }
  const auto reason = domain::ReasonOf(status);
  return reason.has_value() ? std::string(domain::InfoOf(*reason).name) : "no reason";
}

std::string DetailOf(const absl::Status& status, std::string_view name) {
  for (const auto& [key, value] : domain::DetailsOf(status)) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

}  // namespace kobling::client

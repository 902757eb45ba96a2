// A project key in the wrong hands re-identifies nobody: an attacker with it, and with all løpenumre of the project,
// enumerates everybody born in a range of days. The same attack on a construction of one step finds everybody.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "client/fetch.h"
#include "client/files/key_file_rows.h"
#include "crypto/hmac_sha256.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "domain/national_id_maker.h"
#include "server/runtime/testing.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"
#include "tests/privacy/known_keys.h"

namespace kobling::tests {
namespace {

using domain::Lopenummer;
using domain::NationalId;

// All that can exist of identifiers with a birthday in January or February of one year.
std::vector<NationalId> Candidates() {
  std::vector<NationalId> candidates;
  domain::NationalIdParts parts;
  parts.two_digit_year = 61;
  for (parts.month = 1; parts.month <= 2; ++parts.month) {
    for (parts.day = 1; parts.day <= 31; ++parts.day) {
      for (parts.individual = 0; parts.individual < 1000; ++parts.individual) {
        for (parts.remainder = 0; parts.remainder < 4; ++parts.remainder) {
          if (const auto identifier = domain::MakeValid(parts)) {
            candidates.push_back(*identifier);
          }
        }
      }
    }
  }
  return candidates;
}

std::string Text(const NationalId& identifier) {
  const auto digits = identifier.digits();
  return {digits.begin(), digits.end()};
}

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string Prefix(const crypto::Digest& digest, std::size_t bytes) {
  return {digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

const std::string kLopenummerLabel = std::string("kobling/v1/lopenummer") + '\0';
const std::string kPersonLabel = std::string("kobling/v1/person") + '\0';

// What an attacker who knows the source code, but no other key, can put in the place of the uid.
std::vector<std::string> Guesses(const std::string& digits) {
  const std::string hash = Prefix(crypto::Sha256(BytesOf(digits)), 16);
  return {kLopenummerLabel + digits, digits, kLopenummerLabel + hash, hash,
          kLopenummerLabel + digits + std::string(16 - digits.size(), '\0')};
}

// Candidates whose løpenummer can be told with the key alone.
std::size_t Attack(const crypto::HmacSha256& project_key, const std::vector<NationalId>& candidates,
                   const std::set<std::string>& lopenumre) {
  std::size_t found = 0;
  for (const NationalId& candidate : candidates) {
    for (const std::string& guess : Guesses(Text(candidate))) {
      if (lopenumre.contains(Prefix(project_key.Mac(BytesOf(guess)), Lopenummer::kBytes))) {
        ++found;
        break;
      }
    }
  }
  return found;
}

// Keeps the løpenumre of a key file, ten bytes each.
class KeptLopenumre final : public client::KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment&) override { return absl::OkStatus(); }
  absl::Status Take(const client::KeyFileRow& row) override {
    lopenumre.emplace(row.lopenummer.bits().begin(), row.lopenummer.bits().end());
    return absl::OkStatus();
  }
  std::set<std::string> lopenumre;
};

class LeakedKeyTest : public testing::Test {
 protected:
  static constexpr std::size_t kPersons = 2000;

  // A project with some of the candidates in it, and what the attacker then has.
  void SetUp() override {
    for (std::size_t i = 0; i < kPersons; ++i) {
      persons_.push_back(candidates_[i * (candidates_.size() / kPersons)]);
    }
    auto started = ServerThread::Start(trial_, std::make_shared<KeptLog>());
    ASSERT_TRUE(started.ok()) << started.status();
    auto& server = **started;
    const auto as = [&](const Who& who) { return Connect(server.address(), trial_.CertificateOf(who)); };
    const auto register_holder = as(RegisterCaller("NPR"));
    const auto key_officer = as(kKeyOfficer);
    const auto identity = crypto::AgeIdentity::Generate(*arena_);
    AddRegister(*as(kCaseworker), "NPR");
    EnrolKey(*register_holder, *key_officer, "NPR", identity->recipient());
    project_ =
        MakeActiveProject(*as(kCaseworker), *key_officer, MakeCase({MakeSource("NPR", api::SCOPE_OWN)}, kPersons));
    std::vector<std::string> rows;
    for (const NationalId& person : persons_) {
      rows.push_back(Text(person));
    }
    ASSERT_TRUE(Submit(*register_holder, crypto::NewRequestId(), project_, rows).ok());
    ASSERT_TRUE(Complete(*register_holder, project_).ok());
    const auto issued = Issue(*key_officer, project_, "NPR");
    ASSERT_TRUE(issued.ok()) << issued.status();
    const auto signing_key =
        crypto::MinisignPublicKey::Parse(server::ReadText(trial_.folder() / "public" / "kobling.pub"));
    const server::TemporaryFolder folder;
    std::ostringstream nowhere;
    client::Progress progress(nowhere, client::Progress::Show::kNo, client::Progress::Unit::kRows, trial_.clock());
    const auto fetched = client::FetchKeyFile(
        *register_holder, *issued, {.folder = folder.path(), .signing_key = *signing_key, .retry = {}}, progress);
    ASSERT_TRUE(fetched.ok()) << fetched.status();
    KeptLopenumre kept;
    ASSERT_TRUE(client::OpenKeyFile({.path = fetched->path,
                                     .signature_path = fetched->signature_path,
                                     .public_key = *signing_key,
                                     .identity = *identity,
                                     .arena = *arena_},
                                    kept)
                    .ok());
    lopenumre_ = std::move(kept.lopenumre);
    ASSERT_EQ(lopenumre_.size(), kPersons);
    ASSERT_TRUE(server.Stop().ok());
    auto database = StoppedDatabase::Open(trial_.config());
    ASSERT_TRUE(database.ok()) << database.status();
    auto keys = KnownKeys(**database, trial_.config(), project_);
    ASSERT_TRUE(keys.ok()) << keys.status();
    keys_ = *std::move(keys);
    const auto rows_of_keys = (*database)->store().Scan(storage::Family::kKeys, storage::KeyRange::All());
    for (; (*rows_of_keys)->Valid(); (*rows_of_keys)->Next()) {
      key_rows_ += (*rows_of_keys)->value();
    }
  }

  crypto::HmacSha256 Mac(std::span<const std::uint8_t> key) { return *crypto::HmacSha256::Create(*arena_, key); }

  // Takes every 32 bytes of what stands on the disk for K_person, and every 32 bytes for K_project, and looks whether a
  // known person then has a løpenummer of the project.
  std::size_t AttackWithDisk(const std::string& disk) {
    std::vector<std::string> uids;
    for (std::size_t i = 0; i + 32 <= disk.size(); ++i) {
      const crypto::Digest uid =
          crypto::MacOnce(BytesOf(disk).subspan(i).first<32>(), BytesOf(kPersonLabel + Text(persons_.front())));
      uids.push_back(kLopenummerLabel + Prefix(uid, 16));
    }
    std::size_t found = 0;
    for (std::size_t i = 0; i + 32 <= disk.size(); ++i) {
      const crypto::HmacSha256 project_key = Mac(BytesOf(disk).subspan(i, 32));
      for (const std::string& uid : uids) {
        found += lopenumre_.contains(Prefix(project_key.Mac(BytesOf(uid)), Lopenummer::kBytes)) ? 1 : 0;
      }
    }
    return found;
  }

  TrialInstallation trial_;
  const std::unique_ptr<crypto::SecretArena> arena_ = *crypto::SecretArena::Create(std::size_t{1} << 16);
  const std::vector<NationalId> candidates_ = Candidates();
  std::vector<NationalId> persons_;
  std::string project_;
  std::set<std::string> lopenumre_;
  std::map<std::string, KeyBytes> keys_;
  std::string key_rows_;  // the wrapped keys, as they stand in the database
};

TEST_F(LeakedKeyTest, TheProjectKeyAloneReidentifiesNobody) {
  const crypto::HmacSha256 project_key = Mac(keys_.at("project"));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Attack(project_key, candidates_, lopenumre_), 0U);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  std::cout << candidates_.size() << " candidates for " << lopenumre_.size() << " lopenumre: 0 re-identified in "
            << taken.count() << " s\n";
}

TEST_F(LeakedKeyTest, ControlTheSameAttackOnOneStepReidentifiesEverybody) {
  const crypto::HmacSha256 project_key = Mac(keys_.at("project"));
  std::set<std::string> one_step;
  for (const NationalId& person : persons_) {
    one_step.insert(Prefix(project_key.Mac(BytesOf(kLopenummerLabel + Text(person))), Lopenummer::kBytes));
  }
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Attack(project_key, candidates_, one_step), kPersons);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  std::cout << "one step: " << kPersons << " of " << kPersons << " re-identified in " << taken.count() << " s\n";
}

TEST_F(LeakedKeyTest, ControlBothKeysTogetherReidentifyEverybody) {
  // Shows that the løpenumre under attack are those of the documented derivation.
  const crypto::HmacSha256 person_key = Mac(keys_.at("person"));
  const crypto::HmacSha256 project_key = Mac(keys_.at("project"));
  std::size_t found = 0;
  for (const NationalId& candidate : candidates_) {
    const std::string uid = Prefix(person_key.Mac(BytesOf(kPersonLabel + Text(candidate))), 16);
    found += lopenumre_.contains(Prefix(project_key.Mac(BytesOf(kLopenummerLabel + uid)), Lopenummer::kBytes)) ? 1 : 0;
  }
  EXPECT_EQ(found, kPersons);
}

TEST_F(LeakedKeyTest, TheDiskWithoutTheKeyEncryptionKeyReidentifiesNobody) {
  ASSERT_GT(key_rows_.size(), 8 * 92U - 1) << "eight wrapped keys";
  EXPECT_EQ(AttackWithDisk(key_rows_), 0U);
  std::cout << key_rows_.size() << " bytes of wrapped keys, every pair of 32 bytes tried: 0 re-identified\n";
}

TEST_F(LeakedKeyTest, ControlTheDiskWithKeysInTheClearWouldReidentify) {
  std::string disk = key_rows_.substr(0, 100);
  disk.append(keys_.at("project").begin(), keys_.at("project").end());
  disk += key_rows_.substr(100, 50);
  disk.append(keys_.at("person").begin(), keys_.at("person").end());
  EXPECT_EQ(AttackWithDisk(disk), 1U);
}

}  // namespace
}  // namespace kobling::tests

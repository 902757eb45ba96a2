// Fetching a key file: it goes on where it broke, and believes nothing that is not signed by the pinned key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/escaping.h"
#include "client/certificate_testing.h"
#include "client/client_testing.h"
#include "crypto/key_file_comment.h"
#include "crypto/minisign.h"
#include "crypto/sha256.h"

namespace kobling::client {
namespace {

using testing::HasSubstr;

constexpr const char* kName = "NPR_P0041_0001.csv.age";

std::span<const std::uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class Fetch : public testing::Test {
 protected:
  Fetch()
      : arena_(*crypto::SecretArena::Create(4096)),
        signer_(*crypto::SigningKey::Generate(*arena_), {1, 2, 3, 4, 5, 6, 7, 8}),
        stranger_(*crypto::SigningKey::Generate(*arena_), {1, 2, 3, 4, 5, 6, 7, 8}) {
    for (int i = 0; i < 10'500; ++i) {
      runner_.server.key_file += static_cast<char>(i * 7);
    }
    out_ = (runner_.folder.path() / "out").string();
    std::filesystem::create_directories(out_);
    runner_.folder.Write("home/default/kobling.toml", "signing_key = \"" + signer_.public_key().line() + "\"\n");
  }

  api::KeyFile Record(const crypto::MinisignSigner& signer, std::uint32_t signed_number) {
    const std::string& bytes = runner_.server.key_file;
    crypto::MinisignHasher hasher;
    hasher.Update(BytesOf(bytes));
    const std::string comment = crypto::FormatKeyFileComment({.project = *domain::ProjectId::Parse("P0041"),
                                                              .register_id = *domain::RegisterId::Parse("NPR"),
                                                              .number = signed_number,
                                                              .kind = crypto::KeyFileKind::kFull,
                                                              .rows = 5,
                                                              .persons = 5,
                                                              .duplicates = 0,
                                                              .key_version = 1,
                                                              .map_version = 1,
                                                              .reservations = {},
                                                              .delimiter = crypto::KeyFileDelimiter::kSemicolon,
                                                              .recipient = "0000-1111-2222-3333-4444-5555-6666-7777",
                                                              .expires = absl::CivilDay(2027, 1, 2),
                                                              .previous = std::nullopt,
                                                              .event = 3});
    const crypto::Digest digest = crypto::Sha256(BytesOf(bytes));
    api::KeyFile record;
    record.set_project_id("P0041");
    record.set_register_id("NPR");
    record.set_number(1);
    record.set_state(api::KEY_FILE_STATE_ISSUED);
    record.set_file_name(kName);
    record.set_rows(5);
    record.set_sealed_bytes(bytes.size());
    record.set_sealed_sha256(
        absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())));
    record.set_signature(*signer.Sign(hasher.Finish(), comment));
    return record;
  }

  CommandRunner::Result Run(const api::KeyFile& record) {
    api::ListKeyFilesResponse list;
    *list.add_key_files() = record;
    runner_.server.Answer("ListKeyFilesRequest", list);
    return runner_.Run({"keyfile", "fetch", "P0041", "--out", out_});
  }

  std::vector<std::string> FilesInOut() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(out_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  CommandRunner runner_;
  std::unique_ptr<crypto::SecretArena> arena_;
  crypto::MinisignSigner signer_;
  crypto::MinisignSigner stranger_;
  std::string out_;
};

TEST_F(Fetch, WritesTheFileAndItsSignature) {
  const auto result = Run(Record(signer_, 1));
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(runner_.folder.Read(std::string("out/") + kName), runner_.server.key_file);
  EXPECT_THAT(FilesInOut(), testing::ElementsAre(kName, std::string(kName) + ".minisig"));
  EXPECT_THAT(result.out, HasSubstr("signature"));
  EXPECT_EQ(Run(Record(signer_, 1)).code, ExitCode::kUsageOrFile) << "an existing file is not overwritten";
}

TEST_F(Fetch, GoesOnFromAPartOfAnEarlierRun) {
  runner_.folder.Write(std::string("out/") + kName + ".part", runner_.server.key_file.substr(0, 4200));
  const auto result = Run(Record(signer_, 1));
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(runner_.server.fetch_offsets, testing::ElementsAre(4200));
  EXPECT_EQ(runner_.folder.Read(std::string("out/") + kName), runner_.server.key_file);
}

TEST_F(Fetch, GoesOnWhereTheConnectionBroke) {
  runner_.server.break_fetch_after = 4000;
  const auto result = Run(Record(signer_, 1));
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(runner_.server.fetch_offsets, testing::ElementsAre(0, 4000, 8000));
}

TEST_F(Fetch, APartStaysWhenTheServerIsGone) {
  runner_.server.break_fetch_after = 0;
  runner_.folder.Write(std::string("out/") + kName + ".part", runner_.server.key_file.substr(0, 4200));
  EXPECT_EQ(Run(Record(signer_, 1)).code, ExitCode::kRefused);
  EXPECT_THAT(FilesInOut(), testing::ElementsAre(std::string(kName) + ".part"));
}

TEST_F(Fetch, BeginsAgainWhenThePartIsOfAnotherFile) {
  runner_.folder.Write(std::string("out/") + kName + ".part", std::string(500, 'x'));
  const auto result = Run(Record(signer_, 1));
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(runner_.server.fetch_offsets, testing::ElementsAre(500, 0));
}

TEST_F(Fetch, AnotherSignerIsRefusedAndNothingIsLeft) {
  const auto result = Run(Record(stranger_, 1));
  EXPECT_EQ(result.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(result.err, HasSubstr("[KEY_FILE_SIGNATURE]"));
  EXPECT_TRUE(FilesInOut().empty());
}

TEST_F(Fetch, TheSignatureOfAnotherFileIsRefused) {
  EXPECT_THAT(Run(Record(signer_, 2)).err, HasSubstr("[KEY_FILE_SIGNATURE]"));
  EXPECT_TRUE(FilesInOut().empty());
}

TEST_F(Fetch, AChangedByteIsRefused) {
  const api::KeyFile record = Record(signer_, 1);
  runner_.server.key_file[9000] ^= 1;
  EXPECT_THAT(Run(record).err, HasSubstr("[KEY_FILE_ALTERED]"));
  EXPECT_TRUE(FilesInOut().empty());
}

TEST_F(Fetch, ANameThatLeadsOutOfTheFolderIsRefused) {
  api::KeyFile record = Record(signer_, 1);
  record.set_file_name("../evil.age");
  EXPECT_EQ(Run(record).code, ExitCode::kUsageOrFile);
  EXPECT_FALSE(std::filesystem::exists(runner_.folder.path() / "evil.age"));
}

TEST_F(Fetch, WithoutAPinnedSigningKeyNothingIsFetched) {
  runner_.folder.Write("home/default/kobling.toml", "");
  EXPECT_THAT(Run(Record(signer_, 1)).err, HasSubstr("[PROFILE]"));
  EXPECT_TRUE(runner_.server.fetch_offsets.empty());
}

TEST_F(Fetch, DoctorComparesAndPinsTheSigningKey) {
  const absl::Time now = absl::FromUnixSeconds(1795348800);
  const TestCertificate own = MakeTestCertificate(now - absl::Hours(1), now + absl::Hours(1));
  const std::string file = runner_.folder.Write("own.pem", own.certificate);
  const std::string key = runner_.folder.Write("own.key", own.key);
  const std::string base =
      "address = \"a:1\"\nca = \"" + file + "\"\ncertificate = \"" + file + "\"\nkey = \"" + key + "\"\n";
  runner_.folder.Write("home/default/kobling.toml", base);
  api::ServerInfo info;
  info.set_caller_role("key-officer");
  info.mutable_time()->set_seconds(1795348800);
  info.set_signing_public_key(signer_.public_key().line());
  for (int i = 0; i < 5; ++i) {
    runner_.server.Answer("GetServerInfoRequest", info);
  }
  const std::string fingerprint = signer_.public_key().Fingerprint();
  EXPECT_THAT(runner_.Run({"doctor"}).out, HasSubstr(fingerprint));
  EXPECT_THAT(runner_.Run({"doctor", "--pin", "0000"}).err, HasSubstr("[FINGERPRINT_MISMATCH]"));
  EXPECT_THAT(runner_.Run({"doctor", "--pin", "0000"}).err, HasSubstr("signing key, not a recipient key"));
  std::string typed = fingerprint;
  typed.erase(std::remove(typed.begin(), typed.end(), '-'), typed.end());
  std::transform(typed.begin(), typed.end(), typed.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_EQ(runner_.Run({"doctor", "--pin", typed}).code, ExitCode::kOk);
  EXPECT_THAT(runner_.Run({"doctor"}).out, HasSubstr("as pinned"));

  info.set_signing_public_key(stranger_.public_key().line());
  runner_.server.Answer("GetServerInfoRequest", info);
  const auto other = runner_.Run({"doctor"});
  EXPECT_EQ(other.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(other.err, HasSubstr("[KEY_FILE_SIGNATURE]"));
}

}  // namespace
}  // namespace kobling::client

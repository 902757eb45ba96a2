#include "crypto/hsm_testing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace kobling::crypto {
namespace {

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";
constexpr const char* kLabel = "kobling-test";
constexpr const char* kPin = "482913";

void RunTool(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"pkcs11-tool", "--module", kModule, "--token-label",
                                      kLabel,        "--login",  "--pin", kPin};
  command.insert(command.end(), arguments.begin(), arguments.end());
  EXPECT_EQ(RunProgram(command), 0);
}

}  // namespace

SoftHsmToken::SoftHsmToken() {
  std::filesystem::create_directory(folder_ / "tokens");
  WriteWholeFile(folder_ / "softhsm.conf", BytesOfText("directories.tokendir = " + (folder_ / "tokens").string() +
                                                       "\nobjectstore.backend = file\nlog.level = ERROR\n"));
  WriteWholeFile(folder_ / "pin", BytesOfText(std::string(kPin) + "\n"));
  EXPECT_EQ(::chmod((folder_ / "pin").c_str(), 0600), 0);
  EXPECT_EQ(::setenv("SOFTHSM2_CONF", (folder_ / "softhsm.conf").c_str(), 1), 0);
  InitToken(kLabel);
}

SoftHsmToken::~SoftHsmToken() {
  ::unsetenv("SOFTHSM2_CONF");
  ::unsetenv("KOBLING_ODD_HSM");
}

void SoftHsmToken::InitToken(const std::string& label) {
  EXPECT_EQ(RunProgram({"softhsm2-util", "--init-token", "--free", "--label", label, "--pin", kPin, "--so-pin", kPin}),
            0);
}

void SoftHsmToken::MakeKey(const std::string& label, const std::string& type, const std::vector<std::string>& options) {
  std::vector<std::string> arguments = {"--keygen", "--key-type", type, "--label", label};
  arguments.insert(arguments.end(), options.begin(), options.end());
  RunTool(arguments);
}

void SoftHsmToken::ImportKey(const std::string& label, const std::string& file) {
  RunTool({"--write-object", file, "--type", "secrkey", "--key-type", "AES:32", "--sensitive", "--label", label});
}

HsmKeyLocation SoftHsmToken::Location(const std::string& key_label) const {
  return {.module = kModule, .token = kLabel, .key = key_label, .pin_file = (folder_ / "pin").string()};
}

HsmKeyLocation SoftHsmToken::OddLocation(const std::string& key_label, const std::string& oddity) const {
  EXPECT_EQ(::setenv("KOBLING_ODD_HSM", oddity.c_str(), 1), 0);
  HsmKeyLocation location = Location(key_label);
  location.module = KOBLING_ODD_HSM_MODULE;
  return location;
}

}  // namespace kobling::crypto

#include "client/profile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "client/files/atomic_file.h"
#include "client/files/file_descriptor.h"
#include "client/toml_file.h"
#include "crypto/minisign.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kMaxSmallFile = std::size_t{1} << 20;
constexpr std::array<std::string_view, kAllSettings.size()> kNames = {
    "address", "ca", "certificate", "key", "identity", "signing_key", "log_key", "witness_key"};
constexpr std::string_view kDefaultIdentity = "identity.age";
// A minisign public key in one line.
constexpr std::size_t kSigningKeyLength = 56;

std::string Replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

bool IsPath(Setting setting, std::string_view value) {
  if (setting == Setting::kSigningKey) {
    return !(value.size() == kSigningKeyLength && value.substr(0, 2) == "RW");
  }
  if (setting == Setting::kLogKey || setting == Setting::kWitnessKey) {
    return !transparency::VerifierKey::Parse(value).ok();
  }
  return setting != Setting::kAddress;
}

bool IsProfileName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

// host:port, as kobling.example.no:7400 or [::1]:7400.
absl::Status CheckAddress(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  unsigned port = 0;
  if (colon != std::string_view::npos && colon > 0) {
    const std::string_view digits = address.substr(colon + 1);
    const bool has_more_colons = address.find(':') != colon;
    const bool has_brackets = address.front() == '[' && address[colon - 1] == ']';
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536 &&
        (!has_more_colons || has_brackets)) {
      return absl::OkStatus();
    }
  }
  return MakeError(Reason::kProfile,
                   {{DetailKey::kField, "address"},
                    {DetailKey::kHint, "an address is host:port, as kobling.example.no:7400 or [::1]:7400"}});
}

// Where the profiles' folders lie.
absl::StatusOr<std::filesystem::path> BaseFolder(const Environment& environment) {
  if (const auto home = environment("KOBLING_HOME"); home && !home->empty()) {
    return std::filesystem::path(*home);
  }
  if (const auto home = environment("HOME"); home && !home->empty()) {
    return std::filesystem::path(*home) / ".config" / "kobling";
  }
  return MakeError(Reason::kProfile, {{DetailKey::kHint, "set KOBLING_HOME or HOME"}});
}

absl::StatusOr<SettingTexts> ReadConfigFile(const std::filesystem::path& file) {
  SettingTexts texts;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return texts;
  }
  KOBLING_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(file));
  KOBLING_ASSIGN_OR_RETURN(const toml::table table, ParseToml(text, file, Reason::kProfile));
  for (const auto& [key, node] : table) {
    const auto known = std::find(kNames.begin(), kNames.end(), key.str());
    const auto value = node.value<std::string>();
    if (known == kNames.end() || !value) {
      return MakeError(Reason::kProfile,
                       {{DetailKey::kFile, file.string()},
                        {DetailKey::kField, std::string(key.str())},
                        {DetailKey::kHint, known == kNames.end() ? "no such setting" : "not a text"}});
    }
    texts[static_cast<std::size_t>(known - kNames.begin())] = *value;
  }
  return texts;
}

std::string ConfigText(const SettingTexts& values) {
  std::string text = "# Settings of the command `kobling`. Relative paths are relative to this folder.\n";
  for (const Setting setting : kAllSettings) {
    if (const auto& value = values[static_cast<std::size_t>(setting)]) {
      text += std::string(NameOf(setting)) + " = " + TomlString(*value) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string_view NameOf(Setting setting) { return kNames[static_cast<std::size_t>(setting)]; }

std::string EnvironmentNameOf(Setting setting) {
  std::string name = "KOBLING_" + std::string(NameOf(setting));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

std::string FlagNameOf(Setting setting) { return "--" + Replaced(std::string(NameOf(setting)), '_', '-'); }

absl::StatusOr<std::filesystem::path> Profile::FolderOf(const std::string& name, const Environment& environment) {
  if (!IsProfileName(name)) {
    return MakeError(Reason::kProfile,
                     {{DetailKey::kField, "profile"},
                      {DetailKey::kHint, "a profile's name is made of letters, digits, '-', '_' and '.'"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const std::filesystem::path base, BaseFolder(environment));
  return base / name;
}

absl::StatusOr<std::vector<std::string>> Profile::List(const Environment& environment) {
  KOBLING_ASSIGN_OR_RETURN(const std::filesystem::path base, BaseFolder(environment));
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(base, error)) {
    if (std::error_code ignored; std::filesystem::exists(entry.path() / "kobling.toml", ignored)) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Profile> Profile::Load(const std::string& name, const SettingTexts& flags,
                                      const Environment& environment) {
  Profile profile;
  profile.name_ = name;
  KOBLING_ASSIGN_OR_RETURN(profile.folder_, FolderOf(name, environment));
  KOBLING_ASSIGN_OR_RETURN(const SettingTexts in_file, ReadConfigFile(profile.config_file()));
  for (const Setting setting : kAllSettings) {
    const auto index = static_cast<std::size_t>(setting);
    SettingValue& target = profile.values_[index];
    const auto from_environment = environment(EnvironmentNameOf(setting));
    if (flags[index]) {
      target = {*flags[index], "flag " + FlagNameOf(setting)};
    } else if (from_environment && !from_environment->empty()) {
      target = {*from_environment, "environment " + EnvironmentNameOf(setting)};
    } else if (in_file[index]) {
      const bool is_path = IsPath(setting, *in_file[index]);
      target = {is_path ? (profile.folder_ / *in_file[index]).string() : *in_file[index],
                profile.config_file().string()};
    } else if (setting == Setting::kIdentity) {
      target = {(profile.folder_ / kDefaultIdentity).string(), "default"};
    } else {
      target = {"", "not set"};
    }
  }
  return profile;
}

absl::Status Profile::Create(const std::filesystem::path& folder, const SettingTexts& values) {
  if (const auto& address = values[static_cast<std::size_t>(Setting::kAddress)]) {
    KOBLING_RETURN_IF_ERROR(CheckAddress(*address));
  }
  std::error_code error;
  if (const auto file = folder / "kobling.toml"; std::filesystem::exists(file, error)) {
    return MakeError(Reason::kFileExists, {{DetailKey::kFile, file.string()},
                                           {DetailKey::kHint, "choose another name, or change the file by hand"}});
  }
  const bool is_new = std::filesystem::create_directories(folder, error);
  if (error) {
    return WriteError(folder.string(), error.value());
  }
  if (is_new && chmod(folder.c_str(), S_IRWXU) != 0) {
    return WriteError(folder.string(), errno);
  }
  KOBLING_ASSIGN_OR_RETURN(const auto file, AtomicFile::Create((folder / "kobling.toml").string(), Overwrite::kRefuse));
  KOBLING_RETURN_IF_ERROR(file->Write(ConfigText(values)));
  return file->Commit();
}

absl::StatusOr<std::string> Profile::Require(Setting setting) const {
  const SettingValue& value = Get(setting);
  if (value.value.empty()) {
    return MakeError(Reason::kProfile,
                     {{DetailKey::kField, NameOf(setting)}, {DetailKey::kFile, config_file().string()}});
  }
  if (setting == Setting::kAddress) {
    KOBLING_RETURN_IF_ERROR(CheckAddress(value.value));
  }
  return value.value;
}

absl::StatusOr<std::string> Profile::SigningKey() const {
  KOBLING_ASSIGN_OR_RETURN(std::string text, Require(Setting::kSigningKey));
  if (IsPath(Setting::kSigningKey, text)) {
    KOBLING_ASSIGN_OR_RETURN(text, ReadSmallFile(text));
  }
  const auto key = crypto::MinisignPublicKey::Parse(text);
  if (!key.ok()) {
    return MakeError(Reason::kProfile, {{DetailKey::kField, "signing_key"},
                                        {DetailKey::kFile, Get(Setting::kSigningKey).origin},
                                        {DetailKey::kHint, "not a minisign public key"}});
  }
  return key->line();
}

absl::StatusOr<transparency::VerifierKey> Profile::VerifierKeyOf(Setting setting, transparency::SignerKind kind) const {
  KOBLING_ASSIGN_OR_RETURN(const std::string text, Require(setting));
  absl::StatusOr<transparency::VerifierKey> key = ReadVerifierKey(text, NameOf(setting));
  if (domain::ReasonOf(key.status()) == Reason::kFieldMalformed || (key.ok() && key->kind() != kind)) {
    return MakeError(Reason::kProfile, {{DetailKey::kField, NameOf(setting)},
                                        {DetailKey::kFile, Get(setting).origin},
                                        {DetailKey::kHint, kind == transparency::SignerKind::kLog
                                                               ? "not the verifier key of a log"
                                                               : "not the verifier key of a witness"}});
  }
  return key;
}

absl::StatusOr<transparency::VerifierKey> Profile::LogKey() const {
  return VerifierKeyOf(Setting::kLogKey, transparency::SignerKind::kLog);
}

absl::StatusOr<std::optional<transparency::VerifierKey>> Profile::WitnessKey() const {
  if (Get(Setting::kWitnessKey).value.empty()) {
    return std::nullopt;
  }
  KOBLING_ASSIGN_OR_RETURN(transparency::VerifierKey key,
                           VerifierKeyOf(Setting::kWitnessKey, transparency::SignerKind::kWitness));
  return key;
}

absl::StatusOr<transparency::VerifierKey> ReadVerifierKey(const std::string& text_or_path, std::string_view field) {
  if (absl::StatusOr<transparency::VerifierKey> key = transparency::VerifierKey::Parse(text_or_path); key.ok()) {
    return key;
  }
  KOBLING_ASSIGN_OR_RETURN(std::string text, ReadSmallFile(text_or_path));
  text.resize(std::min(text.find('\n'), text.size()));
  absl::StatusOr<transparency::VerifierKey> key = transparency::VerifierKey::Parse(text);
  return key.ok() ? key
                  : MakeError(Reason::kFieldMalformed, {{DetailKey::kField, field},
                                                        {DetailKey::kFile, text_or_path},
                                                        {DetailKey::kExpected, "a verifier key, NAME+ID+KEY"}});
}

absl::Status Profile::PinSigningKey(std::string_view line) const {
  std::string text;
  std::error_code error;
  if (std::filesystem::exists(config_file(), error)) {
    KOBLING_ASSIGN_OR_RETURN(text, ReadSmallFile(config_file()));
  }
  if (!text.empty() && text.back() != '\n') {
    text += '\n';
  }
  text += "signing_key = " + TomlString(line) + "\n";
  KOBLING_RETURN_IF_ERROR(ParseToml(text, config_file(), Reason::kProfile).status());
  KOBLING_ASSIGN_OR_RETURN(const auto file, AtomicFile::Create(config_file().string(), Overwrite::kAllow));
  KOBLING_RETURN_IF_ERROR(file->Write(text));
  return file->Commit();
}

absl::StatusOr<std::string> ReadSmallFile(const std::filesystem::path& file) {
  KOBLING_ASSIGN_OR_RETURN(const FileDescriptor descriptor, OpenForReading(file.string()));
  std::string text(kMaxSmallFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(descriptor.get(), text.data() + size, text.size() - size);
    if (got < 0) {
      return ReadError(file.string());
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxSmallFile) {
    return MakeError(Reason::kFieldTooLong, {{DetailKey::kFile, file.string()}, {DetailKey::kLimit, kMaxSmallFile}});
  }
  text.resize(size);
  return text;
}

absl::StatusOr<std::string> ReadSecretFile(const std::filesystem::path& file) {
  struct stat information = {};
  if (stat(file.c_str(), &information) == 0 && (information.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return MakeError(Reason::kFileMode, {{DetailKey::kFile, file.string()}});
  }
  return ReadSmallFile(file);
}

}  // namespace kobling::client

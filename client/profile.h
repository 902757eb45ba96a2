// Which server, and as whom: a folder with kobling.toml, environment variables, and flags, the later over the earlier.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transparency/note.h"

namespace kobling::client {

enum class Setting : std::uint8_t { kAddress, kCa, kCertificate, kKey, kIdentity, kSigningKey, kLogKey, kWitnessKey };
inline constexpr std::array kAllSettings = {Setting::kAddress, Setting::kCa,        Setting::kCertificate,
                                            Setting::kKey,     Setting::kIdentity,  Setting::kSigningKey,
                                            Setting::kLogKey,  Setting::kWitnessKey};

// As in kobling.toml: "address", ..., "signing_key".
std::string_view NameOf(Setting setting);
// "KOBLING_ADDRESS".
std::string EnvironmentNameOf(Setting setting);
// "--signing-key".
std::string FlagNameOf(Setting setting);

// Reads one environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// One optional text for each setting.
using SettingTexts = std::array<std::optional<std::string>, kAllSettings.size()>;

struct SettingValue {
  std::string value;  // empty if nowhere set; relative paths in the file are made relative to its folder
  std::string
      origin;  // for people: "flag --address", "environment KOBLING_ADDRESS", a file's path, "default", "not set"
};

// Read once, then immutable.
class Profile {
 public:
  // The profile's folder: <base>/<name>, where base is $KOBLING_HOME, else $HOME/.config/kobling. Fails with PROFILE if
  // neither is set, or the name is not made of A-Z, a-z, 0-9, '-', '_' and '.'.
  static absl::StatusOr<std::filesystem::path> FolderOf(const std::string& name, const Environment& environment);

  // The names of all profiles, sorted: folders with a kobling.toml. Fails with PROFILE as FolderOf.
  static absl::StatusOr<std::vector<std::string>> List(const Environment& environment);

  // Fails with PROFILE if kobling.toml is not understood. A missing file is no error: everything may be set elsewhere.
  static absl::StatusOr<Profile> Load(const std::string& name, const SettingTexts& flags,
                                      const Environment& environment);

  // Writes a new kobling.toml (0600) in a new or empty folder (0700). Fails with FILE_EXISTS, and with PROFILE if the
  // address is not host:port.
  static absl::Status Create(const std::filesystem::path& folder, const SettingTexts& values);

  const std::string& name() const { return name_; }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path config_file() const { return folder_ / "kobling.toml"; }
  // Where request ids are kept.
  std::filesystem::path state_folder() const { return folder_ / "state"; }

  const SettingValue& Get(Setting setting) const { return values_[static_cast<std::size_t>(setting)]; }
  // The value; fails with PROFILE, naming the setting and the profile, if it is not set or is an address without a
  // port.
  absl::StatusOr<std::string> Require(Setting setting) const;

  // The service's public signing key in one line ("RW..."), given as such or as the path of a minisign public key file.
  // Fails with PROFILE or FILE_NOT_FOUND.
  absl::StatusOr<std::string> SigningKey() const;

  // The verifier key of the published log, given as such or as the path of a file with it. Fails with PROFILE or
  // FILE_NOT_FOUND.
  absl::StatusOr<transparency::VerifierKey> LogKey() const;

  // The verifier key of the log's witness, in the same way; nothing if it is not set.
  absl::StatusOr<std::optional<transparency::VerifierKey>> WitnessKey() const;

  // Adds the signing key to kobling.toml, which must not have one.
  absl::Status PinSigningKey(std::string_view line) const;

 private:
  absl::StatusOr<transparency::VerifierKey> VerifierKeyOf(Setting setting, transparency::SignerKind kind) const;

  std::string name_;
  std::filesystem::path folder_;
  std::array<SettingValue, kAllSettings.size()> values_;
};

// A verifier key, given as such or as the path of a file with it. Fails with FIELD_MALFORMED, naming `field`, or
// FILE_NOT_FOUND.
absl::StatusOr<transparency::VerifierKey> ReadVerifierKey(const std::string& text_or_path, std::string_view field);

// The whole content of a small file, at most 1 MiB. Fails with FILE_NOT_FOUND, FILE_UNREADABLE or FIELD_TOO_LONG.
absl::StatusOr<std::string> ReadSmallFile(const std::filesystem::path& file);

// As ReadSmallFile, and fails with FILE_MODE if others than its owner may read or change the file.
absl::StatusOr<std::string> ReadSecretFile(const std::filesystem::path& file);

}  // namespace kobling::client

// Which server and as whom: profile, config, doctor.
#include <filesystem>

#include "client/commands/all_commands.h"
#include "client/doctor.h"
#include "client/fingerprint_text.h"
#include "crypto/minisign.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using Need = Command::Need;

void AddProfileList(CommandTree& tree, CLI::App& group) {
  Command list = tree.AddCommand(group, {.name = "list",
                                         .about = "Lists the profiles, with server and certificate.",
                                         .examples = {"kobling profile list"},
                                         .methods = {}});
  list.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    const Environment& environment = session.surroundings().environment;
    KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> names, Profile::List(environment));
    ListWriter writer(session.out(), session.options().format,
                      {{"profile", "profile"}, {"address", "address"}, {"certificate", "certificate"}});
    // What the files say: variables and flags are for one command, not for a profile.
    const Environment none = [&](const std::string& name) {
      return name == "HOME" || name == "KOBLING_HOME" ? environment(name) : std::nullopt;
    };
    for (const std::string& name : names) {
      KOBLING_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(name, SettingTexts(), none));
      Json row;
      row["profile"] = name;
      row["address"] = profile.Get(Setting::kAddress).value;
      row["certificate"] = profile.Get(Setting::kCertificate).value;
      writer.Add(row);
    }
    writer.Close();
    return ExitCode::kOk;
  });
}

void AddProfile(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("profile", "Profiles: one for each server and role");
  Command create = tree.AddCommand(
      group, {.name = "create",
              .about = "Makes a profile's folder with kobling.toml.",
              .examples = {"kobling profile create npr --address kobling.example.no:8443 --ca ca.pem \\\n"
                           "    --certificate npr.pem --key npr.key",
                           "kobling --profile npr doctor"},
              .methods = {}});
  const TextValue name = create.Positional("NAME", "Name of the profile", Need::kRequired);
  const std::array texts = {
      create.Text("--address", "Server, host:port", Need::kRequired),
      create.Text("--ca", "Certificate authority that is trusted", Need::kRequired),
      create.Text("--certificate", "Your certificate", Need::kRequired),
      create.Text("--key", "Your certificate's private key", Need::kRequired),
      create.Text("--identity", "Age identity; default: made by keygen in the folder", Need::kOptional),
      create.Text("--signing-key", "The service's public signing key, or a file with it", Need::kOptional),
      create.Text("--log-key", "The verifier key of the published log, or a file with it", Need::kOptional),
      create.Text("--witness-key", "The verifier key of its witness, or a file with it", Need::kOptional)};
  create.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const std::filesystem::path folder,
                             Profile::FolderOf(*name, session.surroundings().environment));
    SettingTexts values;
    for (const Setting setting : kAllSettings) {
      const auto index = static_cast<std::size_t>(setting);
      const std::string& text = *texts[index];
      if (text.empty()) {
        continue;
      }
      // A file that is named here is named for good, wherever later commands run.
      const bool is_file = setting != Setting::kAddress && std::filesystem::exists(text);
      values[index] = is_file ? std::filesystem::absolute(text).string() : text;
    }
    KOBLING_RETURN_IF_ERROR(Profile::Create(folder, values));
    Json made;
    made["profile"] = *name;
    made["file"] = (folder / "kobling.toml").string();
    PrintRecord(session.out(), session.options().format, made);
    return ExitCode::kOk;
  });
  AddProfileList(tree, group);
}

void AddConfig(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("config", "Settings, and where they come from");
  Command show = tree.AddCommand(
      group, {.name = "show",
              .about = "Shows every setting, and where its value comes from.",
              .examples = {"kobling config show", "KOBLING_ADDRESS=test.example.no:8443 kobling config show"},
              .methods = {}});
  show.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    ListWriter list(session.out(), session.options().format,
                    {{"setting", "setting"}, {"value", "value"}, {"origin", "origin"}});
    for (const Setting setting : kAllSettings) {
      Json row;
      row["setting"] = NameOf(setting);
      row["value"] = profile->Get(setting).value;
      row["origin"] = profile->Get(setting).origin;
      list.Add(row);
    }
    list.Close();
    return ExitCode::kOk;
  });
}

absl::Status Pin(Session& session, const std::string& fingerprint, const std::string& line) {
  KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
  if (!profile->Get(Setting::kSigningKey).value.empty()) {
    return MakeError(Reason::kProfile,
                     {{DetailKey::kField, "signing_key"},
                      {DetailKey::kHint, "a signing key is pinned already; remove it by hand first"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const crypto::MinisignPublicKey key, crypto::MinisignPublicKey::Parse(line));
  if (key.Fingerprint() != NormalFingerprint(fingerprint)) {
    return MakeError(Reason::kFingerprintMismatch,
                     {{DetailKey::kHint,
                       "this is about the server's signing key, not a recipient key; nothing is pinned; doctor shows "
                       "its fingerprint above, ask the key officer which is right"}});
  }
  KOBLING_RETURN_IF_ERROR(profile->PinSigningKey(line));
  session.Note("the signing key is pinned in " + profile->config_file().string());
  return absl::OkStatus();
}

void AddDoctor(CommandTree& tree) {
  Command doctor = tree.AddCommand(
      tree.root(),
      {.name = "doctor",
       .about = "Tests address, certificates, clock, role, version and signing key.",
       .examples = {"kobling doctor", "kobling doctor --pin 3f2a-...-91bc   (as the key officer read it to you)"},
       .methods = {"OperatorService/GetServerInfo"}});
  const TextValue pin =
      doctor.Text("--pin", "Trust the server's signing key if it has this fingerprint", Need::kOptional);
  doctor.Run([pin](Session& session) -> absl::StatusOr<ExitCode> {
    const Diagnosis diagnosis = Diagnose(session);
    ListWriter list(session.out(), session.options().format,
                    {{"check", "check"}, {"result", "result"}, {"details", "details"}});
    for (const Finding& finding : diagnosis.findings) {
      Json row;
      row["check"] = finding.what;
      row["result"] = NameOf(finding.verdict);
      row["details"] = finding.details;
      list.Add(row);
    }
    list.Close();
    KOBLING_RETURN_IF_ERROR(diagnosis.status);
    if (!pin->empty()) {
      KOBLING_RETURN_IF_ERROR(Pin(session, *pin, diagnosis.server_signing_key));
    }
    return ExitCode::kOk;
  });
}

}  // namespace

void AddProfileCommands(CommandTree& tree) {
  AddProfile(tree);
  AddConfig(tree);
  AddDoctor(tree);
}

}  // namespace kobling::client

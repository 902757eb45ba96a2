// The keys that key files are sealed to: the register makes and submits them, the key officer approves them.
#include <filesystem>
#include <system_error>

#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"
#include "client/fingerprint_text.h"
#include "crypto/age_key.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

constexpr std::size_t kArenaBytes = 64 * 1024;

std::vector<ListColumn> KeyColumns() {
  return {{"register_id", "register"},
          {"number", "number"},
          {"state", "state"},
          {"fingerprint", "fingerprint"},
          {"submitted.time", "submitted"},
          {"approved.actor", "approved_by"},
          {"expiry_date", "expiry_date"}};
}

absl::StatusOr<api::ListRecipientKeysResponse> ListKeys(Session& session, const std::string& register_id) {
  api::ListRecipientKeysRequest request;
  request.set_register_id(register_id);
  return session.Ask(&Connection::ListRecipientKeys, request);
}

void AddKeygen(CommandTree& tree) {
  Command keygen =
      tree.AddCommand(tree.root(), {.name = "keygen",
                                    .about = "Makes the age identity that opens your register's key files.",
                                    .examples = {"kobling keygen", "kobling recipient-key submit"},
                                    .methods = {}});
  keygen.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    KOBLING_ASSIGN_OR_RETURN(const std::string path, profile->Require(Setting::kIdentity));
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    KOBLING_ASSIGN_OR_RETURN(const auto arena, crypto::SecretArena::Create(kArenaBytes));
    KOBLING_ASSIGN_OR_RETURN(const crypto::AgeIdentity identity, crypto::AgeIdentity::Generate(*arena));
    KOBLING_RETURN_IF_ERROR(identity.Write(path, session.clock().Now()));
    Json made;
    made["identity_file"] = path;
    made["recipient"] = identity.recipient().text();
    made["fingerprint"] = identity.recipient().Fingerprint();
    PrintRecord(session.out(), session.options().format, made);
    session.Note("keep a copy of the identity file in a safe place: without it your key files cannot be opened");
    return ExitCode::kOk;
  });
}

void AddSubmit(CommandTree& tree, CLI::App& group) {
  Command submit = tree.AddCommand(
      group, {.name = "submit",
              .about = "Hands in your public key. Then read its fingerprint to the key officer.",
              .examples = {"kobling recipient-key submit", "kobling recipient-key submit --recipient age1..."},
              .methods = {"RegisterService/SubmitRecipientKey"}});
  const TextValue given = submit.Text(
      "--recipient", "A public key made elsewhere; default: that of the profile's identity", Need::kOptional);
  submit.Run([given](Session& session) -> absl::StatusOr<ExitCode> {
    std::string recipient = *given;
    if (recipient.empty()) {
      KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
      KOBLING_ASSIGN_OR_RETURN(const std::string path, profile->Require(Setting::kIdentity));
      KOBLING_ASSIGN_OR_RETURN(const auto arena, crypto::SecretArena::Create(kArenaBytes));
      KOBLING_ASSIGN_OR_RETURN(const crypto::AgeIdentity identity, crypto::AgeIdentity::Load(path, *arena));
      recipient = identity.recipient().text();
    }
    KOBLING_ASSIGN_OR_RETURN(const crypto::AgeRecipient parsed, crypto::AgeRecipient::Parse(recipient));
    api::SubmitRecipientKeyRequest request;
    request.set_recipient(recipient);
    KOBLING_ASSIGN_OR_RETURN(const api::RecipientKey key, session.Change(&Connection::SubmitRecipientKey, request));
    // Made here and not taken from the answer: it is what the officer's screen is compared with.
    if (key.fingerprint() != parsed.Fingerprint()) {
      return domain::MakeError(domain::Reason::kFingerprintMismatch,
                               {{domain::DetailKey::kHint, "the server shows another"}});
    }
    session.Print(key);
    session.Note("read this fingerprint to the key officer by telephone: " + key.fingerprint());
    return ExitCode::kOk;
  });
}

void AddListAndShow(CommandTree& tree, CLI::App& group) {
  Command list =
      tree.AddCommand(group, {.name = "list",
                              .about = "Lists recipient keys; a register sees its own.",
                              .examples = {"kobling recipient-key list", "kobling recipient-key list --register NPR"},
                              .methods = {"RegisterService/ListRecipientKeys"}});
  const TextValue filter = RegisterFilter(list);
  list.Run([filter](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const api::ListRecipientKeysResponse answer, ListKeys(session, *filter));
    session.PrintList(answer.keys(), KeyColumns());
    return ExitCode::kOk;
  });

  Command show = tree.AddCommand(group, {.name = "show",
                                         .about = "Shows one recipient key with its fingerprint.",
                                         .examples = {"kobling recipient-key show NPR 1"},
                                         .methods = {"RegisterService/ListRecipientKeys"}});
  const TextValue register_id = RegisterArgument(show);
  const NumberValue number = NumberArgument(show, "Number of the key");
  show.Run([register_id, number](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const api::ListRecipientKeysResponse answer, ListKeys(session, *register_id));
    for (const api::RecipientKey& key : answer.keys()) {
      if (key.number() == *number) {
        session.Print(key);
        return ExitCode::kOk;
      }
    }
    return MarkFromServer(domain::MakeError(domain::Reason::kRecipientKeyNotFound));
  });
}

void AddApproveAndRevoke(CommandTree& tree, CLI::App& group) {
  Command approve = tree.AddCommand(
      group, {.name = "approve",
              .about = "Approves a key whose fingerprint the register has read to you.",
              .examples = {"kobling recipient-key show NPR 1",
                           "kobling recipient-key approve NPR 1 --fingerprint 3f2a-...-91bc   (all eight groups)"},
              .methods = {"RegisterService/ApproveRecipientKey"}});
  const TextValue approved = RegisterArgument(approve);
  const NumberValue approved_number = NumberArgument(approve, "Number of the key");
  const TextValue fingerprint = approve.Text("--fingerprint", "As the register read it to you", Need::kRequired);
  approve.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::ApproveRecipientKeyRequest request;
    request.set_register_id(*approved);
    request.set_fingerprint(NormalFingerprint(*fingerprint));
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*approved_number, "NUMBER"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::RecipientKey key, session.Change(&Connection::ApproveRecipientKey, request));
    session.Print(key);
    return ExitCode::kOk;
  });

  Command revoke = tree.AddCommand(group, {.name = "revoke",
                                           .about = "Revokes a key: nothing is sealed to it any more.",
                                           .examples = {"kobling recipient-key revoke NPR 1 --reason 'laptop lost'"},
                                           .methods = {"RegisterService/RevokeRecipientKey"}});
  const TextValue revoked = RegisterArgument(revoke);
  const NumberValue revoked_number = NumberArgument(revoke, "Number of the key");
  const TextValue reason = ReasonOption(revoke);
  revoke.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::RevokeRecipientKeyRequest request;
    request.set_register_id(*revoked);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*revoked_number, "NUMBER"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::RecipientKey key, session.Change(&Connection::RevokeRecipientKey, request));
    session.Print(key);
    return ExitCode::kOk;
  });
}

}  // namespace

void AddRecipientKeyCommands(CommandTree& tree) {
  AddKeygen(tree);
  CLI::App& group = tree.AddGroup("recipient-key", "Public keys that key files are sealed to");
  AddSubmit(tree, group);
  AddListAndShow(tree, group);
  AddApproveAndRevoke(tree, group);
}

}  // namespace kobling::client

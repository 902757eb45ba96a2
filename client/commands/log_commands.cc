// What anybody can check of the published log: offline from its folder, or event by event.
#include "absl/time/time.h"
#include "client/commands/all_commands.h"
#include "client/event_proof.h"
#include "client/files/key_file_rows.h"
#include "crypto/minisign.h"
#include "transparency/log_check.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using Need = Command::Need;

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

Json CountsOf(const transparency::LogCheckReport& report) {
  Json counts = Json::array();
  for (const auto& [key, count] : report.counts) {
    counts.push_back({{"operation", key.first}, {"result", key.second}, {"events", count}});
  }
  return counts;
}

Json ToJson(const transparency::LogCheckReport& report) {
  Json result;
  result["sound"] = report.sound();
  result["origin"] = report.head.origin;
  result["events"] = report.head.size;
  result["root"] = transparency::HashText(report.head.root);
  result["tiles"] = report.tiles;
  result["checkpoints"] = report.checkpoints;
  result["cosignatures"] = report.cosignatures;
  if (report.newest_cosignature.has_value()) {
    result["newest_cosignature"] = TimeText(*report.newest_cosignature);
  }
  if (report.first_time.has_value()) {
    result["first_event"] = TimeText(*report.first_time);
    result["last_event"] = TimeText(*report.last_time);
  }
  result["times_back"] = report.times_back;
  result["wrong"] = report.fault_count;
  return result;
}

void PrintReport(Session& session, const transparency::LogCheckReport& report) {
  Json result = ToJson(report);
  if (session.options().format == Format::kJson) {
    result["counts"] = CountsOf(report);
    result["faults"] = Json::array();
    for (const transparency::LogFault& fault : report.faults) {
      result["faults"].push_back({{"where", fault.where}, {"what", fault.what}});
    }
    PrintRecord(session.out(), Format::kJson, result);
    return;
  }
  PrintRecord(session.out(), session.options().format, result);
  session.out() << '\n';
  ListWriter counts(session.out(), session.options().format,
                    {{"operation", "operation"}, {"result", "result"}, {"events", "events"}});
  for (const Json& row : CountsOf(report)) {
    counts.Add(row);
  }
  counts.Close();
  if (report.faults.empty()) {
    return;
  }
  session.out() << '\n';
  ListWriter faults(session.out(), session.options().format, {{"where", "where"}, {"what", "what"}});
  for (const transparency::LogFault& fault : report.faults) {
    faults.Add(Json{{"where", fault.where}, {"what", fault.what}});
  }
  faults.Close();
}

absl::StatusOr<transparency::LogCheckRequest> ReadRequest(const Profile& profile, const std::string& folder,
                                                          const std::vector<std::string>& witnesses,
                                                          const std::vector<std::string>& checkpoints) {
  KOBLING_ASSIGN_OR_RETURN(const LogTrust trust, LogTrustOf(profile));
  transparency::LogCheckRequest request{folder, trust.log, {}, {}};
  if (trust.witness.has_value()) {
    request.witnesses.push_back(*trust.witness);
  }
  for (const std::string& witness : witnesses) {
    KOBLING_ASSIGN_OR_RETURN(const transparency::VerifierKey key, ReadVerifierKey(witness, "--witness"));
    if (key.kind() != transparency::SignerKind::kWitness) {
      return UsageError("--witness: this is a log's key");
    }
    request.witnesses.push_back(key);
  }
  for (const std::string& file : checkpoints) {
    KOBLING_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(file));
    absl::StatusOr<transparency::Note> note = transparency::Note::Parse(text);
    if (!note.ok()) {
      return MakeError(Reason::kLogMalformed, {{DetailKey::kFile, file}, {DetailKey::kExpected, "a checkpoint"}});
    }
    request.own_checkpoints.push_back(*std::move(note));
  }
  return request;
}

// When the witness signed; or that nobody was asked for.
void AddCosigned(Session& session, const std::optional<absl::Time>& time, Json& result) {
  if (time.has_value()) {
    result["cosigned"] = TimeText(*time);
  } else {
    session.Note("signed by the log alone: name its witness with --witness-key, or in the profile, to check that too");
  }
}

void AddVerify(CommandTree& tree, CLI::App& group) {
  Command verify = tree.AddCommand(
      group, {.name = "verify",
              .about = "Checks a copy of the published log, offline; exit 2 if anything is wrong.",
              .examples = {"kobling audit verify published-log --log-key log.vkey",
                           "kobling audit verify published-log --log-key log.vkey --witness witness.vkey \\\n"
                           "    --checkpoint kept-in-january.txt"},
              .methods = {}});
  const TextValue folder = verify.Positional("DIR", "The folder with the published log", Need::kRequired);
  const TextValues witnesses =
      verify.Texts("--witness", "Verifier key of a further witness that must have cosigned, or a file with it");
  const TextValues checkpoints =
      verify.Texts("--checkpoint", "A checkpoint that you have kept; it must be a beginning of the log");
  verify.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    KOBLING_ASSIGN_OR_RETURN(const transparency::LogCheckRequest request,
                             ReadRequest(*profile, *folder, *witnesses, *checkpoints));
    KOBLING_ASSIGN_OR_RETURN(const transparency::LogCheckReport report, transparency::CheckLog(request));
    PrintReport(session, report);
    if (!report.sound()) {
      session.Note("the log is not sound: keep everything as it is, and compare with the witness and other copies");
      return ExitCode::kRefused;
    }
    session.Note(
        request.witnesses.empty() && request.own_checkpoints.empty()
            ? "sound in itself; that it was not begun anew, only a witness or a checkpoint of your own can show"
            : "sound");
    return ExitCode::kOk;
  });
}

void AddCheckpoint(CommandTree& tree, CLI::App& group) {
  Command checkpoint = tree.AddCommand(
      group, {.name = "checkpoint",
              .about = "Fetches and verifies the newest checkpoint of the log: keep it, to compare later.",
              .examples = {"kobling audit checkpoint --out checkpoint-2026-11.txt",
                           "kobling audit verify published-log --checkpoint checkpoint-2026-11.txt"},
              .methods = {"AuditService/GetCheckpoint"}});
  const TextValue out = checkpoint.Text("--out", "File to keep it in; default: standard output", Need::kOptional);
  const FlagValue force = checkpoint.Flag("--force", "Overwrite a file that exists");
  checkpoint.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    KOBLING_ASSIGN_OR_RETURN(const LogTrust trust, LogTrustOf(*profile));
    KOBLING_ASSIGN_OR_RETURN(const api::Checkpoint answer,
                             session.Ask(&Connection::GetCheckpoint, api::GetCheckpointRequest()));
    KOBLING_ASSIGN_OR_RETURN(const transparency::Note note, transparency::Note::Parse(answer.note()));
    KOBLING_ASSIGN_OR_RETURN(const transparency::TreeHead head, transparency::VerifyCheckpoint(note, trust.log));
    KOBLING_ASSIGN_OR_RETURN(const std::optional<absl::Time> cosigned, VerifyWitnessed(note, trust));
    if (out->empty()) {
      session.out() << answer.note();
      return ExitCode::kOk;
    }
    KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file,
                             AtomicFile::Create(*out, *force ? Overwrite::kAllow : Overwrite::kRefuse));
    KOBLING_RETURN_IF_ERROR(file->Write(answer.note()));
    KOBLING_RETURN_IF_ERROR(file->Commit());
    Json kept{{"file", *out}, {"signature", "right"}, {"events", head.size}};
    AddCosigned(session, cosigned, kept);
    PrintRecord(session.out(), session.options().format, kept);
    return ExitCode::kOk;
  });
}

void PrintProved(Session& session, const ProvedEvent& proved, const std::string& file) {
  Json result;
  result["proof"] = file;
  result["event_file"] = EntryFileOf(file);
  result["index"] = proved.index();
  result["proved_in"] = proved.head.size;
  AddCosigned(session, proved.cosigned, result);
  result["time"] = TimeText(proved.event.time);
  result["actor"] = proved.event.actor;
  result["role"] = proved.event.role;
  result["operation"] = proved.event.operation;
  result["result"] = proved.event.result;
  result["project"] = proved.event.project;
  result["register"] = proved.event.register_id;
  result["object"] = proved.event.object;
  PrintRecord(session.out(), session.options().format, result);
}

void AddProof(CommandTree& tree, CLI::App& group) {
  Command proof = tree.AddCommand(group, {.name = "proof",
                                          .about = "Fetches, verifies and keeps the proof that an event is in the log.",
                                          .examples = {"kobling audit proof 1017 --out event-1017.tlog-proof"},
                                          .methods = {"AuditService/GetEventProof"}});
  const TextValue index = proof.Positional("INDEX", "The event's number, from 0", Need::kRequired);
  const TextValue out =
      proof.Text("--out", "File to keep it in, X.tlog-proof; the event's bytes go into X.event", Need::kRequired);
  const FlagValue force = proof.Flag("--force", "Overwrite files that exist");
  proof.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    const absl::StatusOr<std::uint64_t> number = transparency::ParseSize(*index);
    if (!number.ok()) {
      return UsageError("INDEX: write a whole number, from 0");
    }
    if (EntryFileOf(*out).empty()) {
      return UsageError("--out: the name must end with .tlog-proof");
    }
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    KOBLING_ASSIGN_OR_RETURN(const LogTrust trust, LogTrustOf(*profile));
    KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
    KOBLING_ASSIGN_OR_RETURN(const ProvedEvent proved, FetchEventProof(*connection, *number, trust));
    KOBLING_RETURN_IF_ERROR(WriteEventProof(proved, *out, *force ? Overwrite::kAllow : Overwrite::kRefuse));
    PrintProved(session, proved, *out);
    return ExitCode::kOk;
  });

  Command check = tree.AddCommand(group, {.name = "verify-proof",
                                          .about = "Verifies a kept proof, offline, and shows its event.",
                                          .examples = {"kobling audit verify-proof event-1017.tlog-proof"},
                                          .methods = {}});
  const TextValue file = check.Positional("FILE", "X.tlog-proof; the event's bytes are in X.event", Need::kRequired);
  check.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    if (EntryFileOf(*file).empty()) {
      return UsageError("FILE: the name must end with .tlog-proof");
    }
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    KOBLING_ASSIGN_OR_RETURN(const LogTrust trust, LogTrustOf(*profile));
    KOBLING_ASSIGN_OR_RETURN(const ProvedEvent proved, ReadEventProof(*file, trust));
    PrintProved(session, proved, *file);
    return ExitCode::kOk;
  });
}

}  // namespace

void AddLogCommands(CommandTree& tree, CLI::App& audit) {
  AddVerify(tree, audit);
  AddCheckpoint(tree, audit);
  AddProof(tree, audit);
}

void AddReceiptCommand(CommandTree& tree, CLI::App& key_file) {
  Command receipt = tree.AddCommand(
      key_file, {.name = "receipt",
                 .about = "Fetches the proof that a key file's issue is in the log, and keeps it beside the file.",
                 .examples = {"kobling keyfile receipt NPR_P0041_0001.csv.age",
                              "kobling audit verify-proof NPR_P0041_0001.csv.age.tlog-proof"},
                 .methods = {"AuditService/GetEventProof"}});
  const TextValue file = receipt.Positional("FILE", "The sealed file; its .minisig lies beside it", Need::kRequired);
  const FlagValue force = receipt.Flag("--force", "Overwrite a proof that exists");
  receipt.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    KOBLING_ASSIGN_OR_RETURN(const LogTrust trust, LogTrustOf(*profile));
    KOBLING_ASSIGN_OR_RETURN(const std::string line, profile->SigningKey());
    KOBLING_ASSIGN_OR_RETURN(const crypto::MinisignPublicKey key, crypto::MinisignPublicKey::Parse(line));
    KOBLING_ASSIGN_OR_RETURN(const DescribedKeyFile described, DescribeKeyFile({*file, *file + ".minisig", key}));
    KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
    KOBLING_ASSIGN_OR_RETURN(const ProvedEvent proved, FetchEventProof(*connection, described.comment.event, trust));
    KOBLING_RETURN_IF_ERROR(CheckIsIssueOf(proved, described));
    const std::string proof_file = *file + ".tlog-proof";
    KOBLING_RETURN_IF_ERROR(WriteEventProof(proved, proof_file, *force ? Overwrite::kAllow : Overwrite::kRefuse));
    PrintProved(session, proved, proof_file);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client

// What the commands that stream a file have in common: which file, and what becomes of its bad rows.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/command.h"
#include "client/row_faults.h"
#include "client/row_files.h"

namespace kobling::client {

// --rejects, --force: where the list of all bad rows goes.
class RejectsOptions {
 public:
  explicit RejectsOptions(Command& command);

  // The list, opened before anything is sent so that a file that cannot be written is found out in time; null if none
  // is wanted. `read` is the value of --file. Fails as AtomicFile, and with USAGE if it is the file that is read.
  absl::StatusOr<std::unique_ptr<AtomicFile>> Open(const Session& session, const std::string& read) const;
  // After the stream: prints what was left out and writes the list, if there is one. After a call that failed without
  // any bad row no file is left. If only the list fails, the error says why, and that the answer stands.
  static absl::Status Report(Session& session, RowFaults& faults, AtomicFile* rejects, const absl::Status& answer);

 private:
  TextValue rejects_;
  FlagValue force_;
};

// --file, --no-header, --delimiter, and those of the rejects.
class RowOptions {
 public:
  explicit RowOptions(Command& command);

  RowFile File(const Session& session) const;
  // Fails with USAGE for an unknown delimiter.
  absl::StatusOr<TableOptions> Table() const;

  absl::StatusOr<std::unique_ptr<AtomicFile>> OpenRejects(const Session& session) const {
    return rejects_.Open(session, *file_);
  }

 private:
  TextValue file_;
  TextValue delimiter_;
  FlagValue no_header_;
  RejectsOptions rejects_;
};

// --delimiter as people write it: ';', ',' or 'tab'; empty to find out.
absl::StatusOr<Delimiter> ParseDelimiter(const std::string& text);

// Streams the rows under a request id that is kept until there is an answer. `send` makes the call:
//   (Connection&, const Header& with_id, StreamListener&) -> StatusOr<Response>
// Faults are added to `faults` whatever the answer is.
template <typename Header, typename Send>
auto StreamRows(Session& session, const Header& header, FileRows& rows, RowFaults& faults, Send send)
    -> decltype(send(std::declval<Connection&>(), header, std::declval<StreamListener&>())) {
  KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
  FaultCollector collector;
  bool has_begun = false;
  auto answer = session.WithRequestId(
      header, [&](const Header& with_id) -> decltype(send(*connection, header, std::declval<StreamListener&>())) {
        if (has_begun) {
          if (!rows.can_rewind()) {
            return UsageError("standard input cannot be read twice; run the command again");
          }
          KOBLING_RETURN_IF_ERROR(rows.Rewind());
          collector.Restarted();
        }
        has_begun = true;
        return send(*connection, with_id, collector);
      });
  collector.AddTo(faults, rows);
  return answer;
}

}  // namespace kobling::client

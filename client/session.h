// What one run of the command `kobling` works with: the terminal, the profile, the connection, and the habits that
// every command shares.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/output.h"
#include "client/profile.h"
#include "client/progress.h"
#include "client/request_ids.h"
#include "client/retry_plan.h"
#include "client/server_answer.h"
#include "domain/clock.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {

// What the operating system gives to the program; tests give something else.
struct Surroundings {
  std::ostream& out;  // data
  std::ostream& err;  // everything else
  int input;          // standard input
  bool input_is_terminal;
  bool error_is_terminal;
  Environment environment;
  const domain::Clock& clock;
  RetryPlan retry;
  RetryPlan patient_retry;  // of what goes on by itself while nobody looks
  // Makes the connection to the server that the profile names.
  std::function<absl::StatusOr<std::unique_ptr<Connection>>(const Profile& profile)> connect;
};

// Options that every command has.
struct GlobalOptions {
  std::string profile = "default";
  SettingTexts settings;
  Format format = Format::kTable;
  bool quiet = false;
};

// Fails with FIELD_MALFORMED, naming the field, if a text in the message or in one within it is not UTF-8: a terminal
// in another encoding gives such arguments, and no message may hold them.
absl::Status CheckTexts(const google::protobuf::Message& message);

// For one command on one thread.
class Session {
 public:
  explicit Session(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}

  GlobalOptions& options() { return options_; }
  const Surroundings& surroundings() const { return surroundings_; }
  std::ostream& out() { return surroundings_.out; }
  const domain::Clock& clock() const { return surroundings_.clock; }

  // Read when it is first asked for. Fails as Profile::Load.
  absl::StatusOr<const Profile*> GetProfile();
  // Made when it is first asked for.
  absl::StatusOr<Connection*> Connect();

  // A remark for people on standard error; silent with --quiet.
  void Note(std::string_view text);
  // Shown on a terminal only, and not with --quiet.
  Progress::Show ShowProgress() const;

  void Print(const google::protobuf::Message& record) { PrintRecord(out(), options_.format, ToJson(record)); }
  template <typename Rows>
  void PrintList(const Rows& rows, std::vector<ListColumn> columns) {
    ListWriter list(out(), options_.format, std::move(columns));
    for (const auto& row : rows) {
      list.Add(row);
    }
    list.Close();
  }

  // Sends a request that changes nothing.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Ask(absl::StatusOr<Response> (Connection::*method)(const Request&), const Request& request) {
    KOBLING_RETURN_IF_ERROR(CheckTexts(request));
    KOBLING_ASSIGN_OR_RETURN(Connection * connection, Connect());
    return (connection->*method)(request);
  }

  // Sends a request that changes something, under the id that it had if it was sent before without an answer.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Change(absl::StatusOr<Response> (Connection::*method)(const Request&),
                                  const Request& request) {
    KOBLING_ASSIGN_OR_RETURN(Connection * connection, Connect());
    return WithRequestId(request, [&](const Request& with_id) { return (connection->*method)(with_id); });
  }

  // Calls `send` with the request, its request_id filled in, and remembers the id until there is an answer. If an
  // unanswered id turns out to belong to other content, `send` is called a second time with a new one.
  template <typename Request, typename Send>
  auto WithRequestId(const Request& request, Send send) -> decltype(send(request)) {
    KOBLING_RETURN_IF_ERROR(CheckTexts(request));
    KOBLING_ASSIGN_OR_RETURN(RequestIds ids, GetRequestIds());
    while (true) {
      KOBLING_ASSIGN_OR_RETURN(const RequestIds::Held held, ids.Obtain(request));
      if (held.origin == RequestIds::Origin::kUnanswered) {
        Note("this command was sent before without an answer, at " + held.since +
             "; it is sent again as the same request");
      }
      Request with_id = request;
      with_id.set_request_id(held.id);
      auto answer = send(with_id);
      if (IsDecided(answer.status())) {
        KOBLING_RETURN_IF_ERROR(ids.Forget(request));
      }
      const bool is_other_content = domain::ReasonOf(answer.status()) == domain::Reason::kRequestIdReused;
      if (!is_other_content || held.origin == RequestIds::Origin::kNew) {
        if (!answer.ok()) {
          return WithRequestIdIfInternal(answer.status(), held.id);
        }
        return answer;
      }
    }
  }

 private:
  absl::StatusOr<RequestIds> GetRequestIds();

  Surroundings surroundings_;
  GlobalOptions options_;
  std::unique_ptr<Profile> profile_;
  std::unique_ptr<Connection> connection_;
};

// USAGE with a hint for people.
absl::Status UsageError(std::string_view hint);

}  // namespace kobling::client

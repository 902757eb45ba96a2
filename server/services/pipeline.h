// What every call passes through: who is calling, may they, then the use case, then what the caller and the log are
// told.
//
// Deny by default: a method without a row in the policy table is refused. Authorisation comes before any look at the
// request. Every refusal is an event, durable before the caller hears of it.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "server/core/core.h"
#include "server/runtime/log.h"

namespace kobling::server {

// What gRPC says of an error: the canonical code, the reason's text, and a google.rpc.ErrorInfo in the details. Errors
// without a reason become INTERNAL with a fixed text.
grpc::Status ToGrpcStatus(const absl::Status& status);

// What a request is about, as far as it says so in a well-formed way: for the event of its refusal.
struct RequestSubject {
  std::string project;
  std::string register_id;
  std::string request_id;
};
RequestSubject SubjectOf(const google::protobuf::Message& request);

// Safe for concurrent use.
class Pipeline {
 public:
  Pipeline(const Core& core, Log& log) : core_(core), log_(log) {}

  // Runs a unary method. `use_case(call)` returns StatusOr<Response>.
  template <typename Response, typename UseCase>
  grpc::Status Unary(grpc::ServerContext& context, std::string_view method, const google::protobuf::Message& request,
                     Response* response, const UseCase& use_case) const {
    RequestSubject subject = SubjectOf(request);
    return Run(context, method, subject, [&](const Call& call) -> absl::Status {
      absl::StatusOr<Response> result = use_case(call);
      if (result.ok()) {
        *response = *std::move(result);
      }
      return result.status();
    });
  }

  // Runs any method. `use_case(call)` returns Status; where the request comes as a stream, it fills in the subject.
  template <typename UseCase>
  grpc::Status Run(grpc::ServerContext& context, std::string_view method, RequestSubject& subject,
                   const UseCase& use_case) const {
    absl::StatusOr<Call> call = Admit(context, method, subject);
    if (!call.ok()) {
      return ToGrpcStatus(call.status());
    }
    absl::Status status;
    try {
      status = use_case(*call);
    } catch (...) {
      // Our own code throws nothing; a library might. Its text could hold anything, so it is not passed on.
      status = domain::MakeError(domain::Reason::kInternal);
    }
    return Finish(*call, subject, status);
  }

  // Refuses a call of a method that has no row in the policy table.
  grpc::Status RefuseUnknownMethod(const grpc::ServerContextBase& context) const;

  // Refuses every call from now on with DRAINING; calls that run are not touched.
  void Drain() { draining_ = true; }

 private:
  absl::StatusOr<Call> Admit(const grpc::ServerContextBase& context, std::string_view method,
                             const RequestSubject& subject) const;
  absl::Status CheckRoles(const Caller& caller) const;
  grpc::Status Finish(const Call& call, const RequestSubject& subject, const absl::Status& status) const;
  absl::Status RecordRefusal(transparency::Event event, const RequestSubject& subject,
                             const absl::Status& refusal) const;

  const Core& core_;
  Log& log_;
  std::atomic<bool> draining_{false};
};

}  // namespace kobling::server

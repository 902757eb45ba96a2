#include "server/services/pipeline.h"

#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "google/rpc/status.pb.h"
#include "server/core/log_publisher.h"
#include "server/runtime/peer_identity.h"

namespace kobling::server {
namespace {

using domain::MakeError;
using domain::Reason;

constexpr std::string_view kErrorDomain = "kobling";

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  const Reason reason = domain::ReasonOf(status).value_or(Reason::kInternal);
  const domain::ReasonInfo& info = domain::InfoOf(reason);
  google::rpc::ErrorInfo error;
  error.set_reason(std::string(info.name));
  error.set_domain(std::string(kErrorDomain));
  for (auto& [key, value] : domain::DetailsOf(status)) {
    (*error.mutable_metadata())[key] = value;
  }
  google::rpc::Status details;
  details.set_code(static_cast<int>(info.code));
  details.set_message(std::string(info.what));
  details.add_details()->PackFrom(error);
  return grpc::Status(static_cast<grpc::StatusCode>(info.code), std::string(info.what), details.SerializeAsString());
}

RequestSubject SubjectOf(const google::protobuf::Message& request) {
  const auto text = [&](const char* name) -> std::string {
    const google::protobuf::FieldDescriptor* const field = request.GetDescriptor()->FindFieldByName(name);
    return field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING
               ? std::string()
               : request.GetReflection()->GetString(request, field);
  };
  // Only what is a name of the right kind: a refused request may hold anything.
  const auto checked = [](const auto& parsed) { return parsed.ok() ? parsed->text() : std::string(); };
  return {.project = checked(domain::ProjectId::Parse(text("project_id"))),
          .register_id = checked(domain::RegisterId::Parse(text("register_id"))),
          .request_id = checked(domain::RequestId::Parse(text("request_id")))};
}

absl::Status Pipeline::RecordRefusal(transparency::Event event, const RequestSubject& subject,
                                     const absl::Status& refusal) const {
  event.project = subject.project;
  // A register's refusals concern itself, whatever name it put into the request.
  event.register_id = event.role == domain::NameOf(Role::kRegister) ? event.actor : subject.register_id;
  event.request_id = subject.request_id;
  event.result = std::string(domain::InfoOf(domain::ReasonOf(refusal).value_or(Reason::kInternal)).name);
  return core_.committer.Record(std::move(event));
}

absl::StatusOr<Call> Pipeline::Admit(const grpc::ServerContextBase& context, std::string_view method,
                                     const RequestSubject& subject) const {
  const domain::MethodPolicy* const policy = domain::FindMethod(method);
  transparency::Event event;
  event.operation = policy == nullptr ? "unknown" : std::string(policy->operation);
  const absl::StatusOr<Caller> caller = CallerOf(*context.auth_context(), core_.config.trust_domain);
  absl::Status refusal;
  if (!caller.ok()) {
    refusal = caller.status();
  } else {
    event.actor = caller->id.text();
    event.role = std::string(domain::NameOf(caller->role));
    if (draining_) {
      refusal = MakeError(Reason::kDraining);
    } else if (policy == nullptr || !policy->roles.contains(caller->role)) {
      refusal = MakeError(Reason::kNotPermitted);
    } else {
      refusal = CheckRoles(*caller);
      if (refusal.ok() && policy->effect == domain::Effect::kPersonRead) {
        refusal = core_.publisher.CheckNotBehind();
      }
    }
  }
  if (refusal.ok()) {
    return Call{*caller, policy};
  }
  log_.Warning("call refused", {Field("error", refusal)});
  KOBLING_RETURN_IF_ERROR(RecordRefusal(std::move(event), subject, refusal));
  return refusal;
}

grpc::Status Pipeline::RefuseUnknownMethod(const grpc::ServerContextBase& context) const {
  return ToGrpcStatus(Admit(context, "", RequestSubject()).status());
}

absl::Status Pipeline::CheckRoles(const Caller& caller) const {
  const std::uint32_t bit = 1U << static_cast<unsigned>(caller.role);
  {
    const State::View state = core_.state.Read();
    const auto known = state->callers.find(caller.id.text());
    if (known != state->callers.end() && (known->second.roles() & bit) != 0) {
      return absl::OkStatus();
    }
  }
  // The first call of this id in this role. One id may not hold roles that are meant to watch each other.
  return core_.committer.Commit([&](Change& change) -> absl::Status {
    records::CallerRecord record;
    {
      const State::View state = core_.state.Read();
      if (const auto known = state->callers.find(caller.id.text()); known != state->callers.end()) {
        record = known->second;
      }
    }
    for (const Role held : domain::kAllRoles) {
      if ((record.roles() & (1U << static_cast<unsigned>(held))) != 0 && domain::RolesConflict(held, caller.role)) {
        return MakeError(Reason::kNotPermitted);
      }
    }
    record.set_roles(record.roles() | bit);
    change.Put(caller.id.text(), record);
    change.event.actor = caller.id.text();
    change.event.role = std::string(domain::NameOf(caller.role));
    change.event.operation = "caller.first-call";
    return absl::OkStatus();
  });
}

grpc::Status Pipeline::Finish(const Call& call, const RequestSubject& subject, const absl::Status& status) const {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  log_.Info("call not carried out",
            {Field("caller", call.caller.id), Field("role", call.caller.role), Field("error", status)});
  if (const absl::Status recorded = RecordRefusal(MakeEvent(call), subject, status); !recorded.ok()) {
    return ToGrpcStatus(recorded);
  }
  return ToGrpcStatus(status);
}

}  // namespace kobling::server

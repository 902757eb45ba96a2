// Who may call what: every method of the policy table, called by every role and by callers that are none.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "crypto/random.h"
#include "domain/method_policy.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "tests/integration/raw_caller.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"

namespace kobling::tests {
namespace {

using domain::MethodPolicy;
using domain::Role;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Names of a project, a register and a number that may or may not exist.
struct Objects {
  std::string project;
  std::string register_id;
  std::uint32_t number;
};

// Sets what the message has of these names; in a stream, in its header.
void Fill(Message& message, const Objects& objects) {
  const Descriptor& type = *message.GetDescriptor();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (const FieldDescriptor* header = type.FindFieldByName("header"); header != nullptr) {
    Fill(*reflection.MutableMessage(&message, header), objects);
    return;
  }
  const auto set_text = [&](const char* name, const std::string& value) {
    if (const FieldDescriptor* field = type.FindFieldByName(name); field != nullptr) {
      reflection.SetString(&message, field, value);
    }
  };
  set_text("request_id", crypto::NewRequestId());
  set_text("project_id", objects.project);
  set_text("register_id", objects.register_id);
  for (const char* name : {"number", "key_file_number"}) {
    if (const FieldDescriptor* field = type.FindFieldByName(name); field != nullptr) {
      reflection.SetUInt32(&message, field, objects.number);
    }
  }
}

const google::protobuf::MethodDescriptor& DescriptorOf(std::string_view path) {
  std::string name(path.substr(1));
  name[name.find('/')] = '.';
  return *google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
}

std::string RequestFor(const MethodPolicy& method, const Objects& objects) {
  const std::unique_ptr<Message> request(google::protobuf::MessageFactory::generated_factory()
                                             ->GetPrototype(DescriptorOf(method.method).input_type())
                                             ->New());
  Fill(*request, objects);
  return request->SerializeAsString();
}

bool NamesAProject(const MethodPolicy& method) {
  const Descriptor* type = DescriptorOf(method.method).input_type();
  if (const FieldDescriptor* header = type->FindFieldByName("header"); header != nullptr) {
    type = header->message_type();
  }
  return type->FindFieldByName("project_id") != nullptr;
}

const Objects kExisting = {.project = "P0001", .register_id = "NPR", .number = 1};
const Objects kMissing = {.project = "P9999", .register_id = "NIX", .number = 77};

class PolicyMatrixTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = ServerThread::Start(trial_, log_);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    const auto caseworker = Connect(server_->address(), trial_.CertificateOf(kCaseworker));
    AddRegister(*caseworker, "NPR");
    AddRegister(*caseworker, "MFR");
    api::CreateProjectRequest create;
    create.set_request_id(crypto::NewRequestId());
    *create.mutable_project_case() = MakeCase({MakeSource("NPR", api::SCOPE_OWN)}, 10);
    create.mutable_project_case()->clear_contact();  // not complete, so that it stays a draft
    const auto created = caseworker->CreateProject(create);
    ASSERT_TRUE(created.ok()) << created.status();
    ASSERT_EQ(created->id(), kExisting.project);
  }

  std::vector<api::Event> Events() {
    if (auditor_ == nullptr) {
      auditor_ = Connect(server_->address(), trial_.CertificateOf(kAuditor));
    }
    return AllEvents(*auditor_);
  }

  // How many events there are of each actor, operation and result.
  std::map<std::tuple<std::string, std::string, std::string>, int> Refusals() {
    std::map<std::tuple<std::string, std::string, std::string>, int> refusals;
    for (const api::Event& event : Events()) {
      if (event.result() == "NOT_PERMITTED" || event.result() == "CALLER_UNKNOWN") {
        ++refusals[{event.actor(), event.operation(), event.result()}];
      }
    }
    return refusals;
  }

  // What a caller without any right gets.
  RawAnswer Refused() {
    RawCaller operator_caller(server_->address(), trial_.CertificateOf(kOperator));
    return operator_caller.Call("/kobling.v1.ProjectService/GetProject", "");
  }

  TrialInstallation trial_;
  std::shared_ptr<KeptLog> log_ = std::make_shared<KeptLog>();
  std::unique_ptr<ServerThread> server_;
  std::unique_ptr<client::Connection> auditor_;
};

TEST_F(PolicyMatrixTest, EveryMethodLetsItsRolesThroughAndRefusesAllOthersAlike) {
  const RawAnswer refused = Refused();
  ASSERT_EQ(ReasonOf(refused), "NOT_PERMITTED");
  // The caseworker last: an update without a case empties the draft, sources included.
  const std::vector<Who> callers = {
      RegisterCaller("NPR"), kKeyOfficer, kPortal, kAuditor, kOperator, kFeed, kCaseworker};
  ASSERT_EQ(callers.size(), domain::kAllRoles.size());
  auto wanted = Refusals();
  int allowed_calls = 0;
  int refused_calls = 0;
  for (const Who& who : callers) {
    RawCaller caller(server_->address(), trial_.CertificateOf(who));
    for (const MethodPolicy& method : domain::AllMethods()) {
      SCOPED_TRACE(who.id + " calls " + std::string(method.method));
      const std::string operation(method.operation);
      for (const Objects& objects : {kExisting, kMissing}) {
        const RawAnswer answer = caller.Call(std::string(method.method), RequestFor(method, objects));
        if (!method.roles.contains(who.role)) {
          EXPECT_EQ(answer, refused) << "got " << ReasonOf(answer);
          ++wanted[{who.id, operation, "NOT_PERMITTED"}];
          ++refused_calls;
          continue;
        }
        EXPECT_NE(ReasonOf(answer), "") << "code " << answer.code;
        EXPECT_NE(ReasonOf(answer), "CALLER_UNKNOWN");
        // The caller wrote the project, or is a source of it, so that only an object that is not there is refused: to a
        // register always, and to a caseworker in the log, which only shows projects that the caller wrote.
        const bool asks_for_another =
            who.role == Role::kRegister &&
            (NamesAProject(method) || operation == "recipient-key.list" || operation == "reservation.list");
        const bool asks_for_foreign_log = who.role == Role::kCaseworker && operation == "audit.list";
        // The first event is of no project and no register.
        const bool asks_for_foreign_event = who.role != Role::kAuditor && operation == "audit.proof";
        const bool object_refused = asks_for_foreign_event ||
                                    (objects.project == kMissing.project && (asks_for_another || asks_for_foreign_log));
        if (object_refused) {
          EXPECT_EQ(answer, refused) << "got " << ReasonOf(answer);
          ++wanted[{who.id, operation, "NOT_PERMITTED"}];
        } else {
          EXPECT_NE(ReasonOf(answer), "NOT_PERMITTED");
        }
        ++allowed_calls;
      }
    }
  }
  EXPECT_EQ(Refusals(), wanted) << "each refusal leaves exactly one event";
  std::cout << domain::AllMethods().size() << " methods, " << allowed_calls << " calls let through, " << refused_calls
            << " refused\n";
}

TEST_F(PolicyMatrixTest, ARegisterThatIsNoSourceCannotTellAProjectThatExistsFromOneThatDoesNot) {
  const RawAnswer refused = Refused();
  RawCaller stranger(server_->address(), trial_.CertificateOf(RegisterCaller("MFR")));
  int methods = 0;
  for (const MethodPolicy& method : domain::AllMethods()) {
    if (!method.roles.contains(Role::kRegister) || !NamesAProject(method)) {
      continue;
    }
    SCOPED_TRACE(method.method);
    ++methods;
    EXPECT_EQ(stranger.Call(std::string(method.method), RequestFor(method, kExisting)), refused);
    EXPECT_EQ(stranger.Call(std::string(method.method), RequestFor(method, kMissing)), refused);
  }
  EXPECT_GE(methods, 12);
}

TEST_F(PolicyMatrixTest, WithoutACertificateOfTheAuthorityThereIsNoConnection) {
  const std::size_t before = Events().size();
  RawCaller nobody(server_->address(), {.ca = trial_.CertificateOf(kAuditor).ca, .certificate = "", .key = ""});
  RawCaller foreigner(server_->address(), trial_.ForeignCertificate(kAuditor));
  for (const MethodPolicy& method : domain::AllMethods()) {
    SCOPED_TRACE(method.method);
    EXPECT_EQ(nobody.Call(std::string(method.method), "").code, 14) << "UNAVAILABLE: no handshake";
    EXPECT_EQ(foreigner.Call(std::string(method.method), "").code, 14);
  }
  EXPECT_EQ(Events().size(), before) << "nobody got as far as a call";
}

TEST_F(PolicyMatrixTest, ACertificateWithAnotherNameIsACallerUnknownToEveryMethod) {
  const std::string& domain = trial_.config().trust_domain;
  const std::vector<CallerFiles> unknown = {
      trial_.ForgedCertificate({Role::kAuditor, "eve"}, "other.kobling.example"),
      trial_.ForgedCertificate({Role::kAuditor, "eve"}, domain + ".example"),
      trial_.ForgedCertificate({Role::kAuditor, "eve"}, domain + "/emperor"),
  };
  auto wanted = Refusals();
  RawAnswer first;
  for (const CallerFiles& files : unknown) {
    RawCaller caller(server_->address(), files);
    for (const MethodPolicy& method : domain::AllMethods()) {
      SCOPED_TRACE(method.method);
      const RawAnswer answer = caller.Call(std::string(method.method), RequestFor(method, kExisting));
      first = first.code == 0 ? answer : first;
      EXPECT_EQ(answer, first);
      EXPECT_EQ(ReasonOf(answer), "CALLER_UNKNOWN");
      ++wanted[{"", std::string(method.operation), "CALLER_UNKNOWN"}];
    }
  }
  EXPECT_EQ(Refusals(), wanted);
}

TEST_F(PolicyMatrixTest, AnIdThatConflictsWithARoleItHasIsRefusedEverywhere) {
  const RawAnswer refused = Refused();
  // kari is a caseworker by her first call.
  RawCaller second_role(server_->address(),
                        trial_.ForgedCertificate({Role::kKeyOfficer, kCaseworker.id}, trial_.config().trust_domain));
  auto wanted = Refusals();
  for (const MethodPolicy& method : domain::AllMethods()) {
    SCOPED_TRACE(method.method);
    EXPECT_EQ(second_role.Call(std::string(method.method), RequestFor(method, kExisting)), refused);
    ++wanted[{kCaseworker.id, std::string(method.operation), "NOT_PERMITTED"}];
  }
  EXPECT_EQ(Refusals(), wanted);
  // The role that she had is not touched by it.
  RawCaller first_role(server_->address(), trial_.CertificateOf(kCaseworker));
  EXPECT_EQ(first_role.Call("/kobling.v1.OperatorService/GetServerInfo", "").code, 0);
}

TEST_F(PolicyMatrixTest, AMethodWithoutARowIsRefusedLikeAnyOther) {
  const RawAnswer refused = Refused();
  auto wanted = Refusals();
  for (const char* method :
       {"/kobling.v1.ProjectService/DeleteEverything", "/kobling.v1.ReidentificationService/Execute",
        "/kobling.v1.projectservice/getproject", "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/"}) {
    SCOPED_TRACE(method);
    ASSERT_EQ(domain::FindMethod(method), nullptr);
    for (const Who& who : {kOperator, kKeyOfficer}) {
      RawCaller caller(server_->address(), trial_.CertificateOf(who));
      EXPECT_EQ(caller.Call(method, ""), refused);
      ++wanted[{who.id, "unknown", "NOT_PERMITTED"}];
    }
  }
  EXPECT_EQ(Refusals(), wanted);
}

}  // namespace
}  // namespace kobling::tests

#include "tests/integration/raw_caller.h"

#include <chrono>
#include <utility>

#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"

namespace kobling::tests {
namespace {

constexpr std::chrono::seconds kCallDeadline{20};

}  // namespace

std::string ReasonOf(const RawAnswer& answer) {
  if (answer.code == 0) {
    return "OK";
  }
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(answer.details) || details.details().empty() || !details.details(0).UnpackTo(&info)) {
    return "";
  }
  return info.reason();
}

struct RawCaller::Parts {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grpc::GenericStub> stub;
};

RawCaller::RawCaller(const std::string& address, const CallerFiles& files) : parts_(std::make_unique<Parts>()) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = files.ca;
  options.pem_cert_chain = files.certificate;
  options.pem_private_key = files.key;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  parts_->channel = grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
  parts_->stub = std::make_unique<grpc::GenericStub>(parts_->channel);
}

RawCaller::~RawCaller() = default;

RawAnswer RawCaller::Call(const std::string& method, const std::string& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  grpc::CompletionQueue queue;
  const auto wait = [&] {
    void* tag = nullptr;
    bool succeeded = false;
    return queue.Next(&tag, &succeeded) && succeeded;
  };
  const auto call = parts_->stub->PrepareCall(&context, method, &queue);
  int tag = 0;
  call->StartCall(&tag);
  if (wait()) {
    const grpc::Slice slice(request);
    call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), &tag);
    wait();  // the server may have refused already
    grpc::ByteBuffer response;
    do {
      call->Read(&response, &tag);
    } while (wait());
  }
  grpc::Status status;
  call->Finish(&status, &tag);
  wait();
  queue.Shutdown();
  return {
      .code = static_cast<int>(status.error_code()), .text = status.error_message(), .details = status.error_details()};
}

}  // namespace kobling::tests

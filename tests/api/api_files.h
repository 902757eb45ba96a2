// The protocol files of the API as protoc understands them, comments included.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace kobling::tests {

class ApiFiles {
 public:
  ApiFiles() {
    std::ifstream stream(KOBLING_API_DESCRIPTORS, std::ios::binary);
    google::protobuf::FileDescriptorSet set;
    EXPECT_TRUE(set.ParseFromIstream(&stream));
    for (const google::protobuf::FileDescriptorProto& file : set.file()) {
      const google::protobuf::FileDescriptor* built = pool_.BuildFile(file);
      EXPECT_NE(built, nullptr) << file.name();
      if (built != nullptr && (built->package() == "kobling.v1" || built->package() == "grpc.health.v1")) {
        files_.push_back(built);
      }
    }
    EXPECT_GE(files_.size(), 9U);
  }

  // Those of the packages kobling.v1 and grpc.health.v1.
  const std::vector<const google::protobuf::FileDescriptor*>& files() const { return files_; }

  std::vector<const google::protobuf::MethodDescriptor*> Methods() const {
    std::vector<const google::protobuf::MethodDescriptor*> methods;
    for (const auto* file : files_) {
      for (int i = 0; i < file->service_count(); ++i) {
        for (int j = 0; j < file->service(i)->method_count(); ++j) {
          methods.push_back(file->service(i)->method(j));
        }
      }
    }
    return methods;
  }

 private:
  google::protobuf::DescriptorPool pool_;
  std::vector<const google::protobuf::FileDescriptor*> files_;
};

}  // namespace kobling::tests

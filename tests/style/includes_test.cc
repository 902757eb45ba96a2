// Includes point one way: domain, crypto, transparency, storage, the server's use cases, its services; and the client
// beside them.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/style/source_tree.h"

namespace kobling::tests {
namespace {

using Names = std::vector<std::string_view>;

bool StartsWithAny(std::string_view name, const Names& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// Folders of the project, as includes name them.
const Names kOurs = {"domain/", "crypto/", "storage/",      "server/",  "client/",
                     "proto/",  "tests/",  "transparency/", "witness/", "kobling/"};

// A layer, and what of the project it may include. The first layer that a file is in counts.
struct Layer {
  std::string_view folder;
  Names may_include;
};
const std::vector<Layer> kLayers = {
    {"domain", {"domain/"}},
    {"crypto", {"crypto/", "domain/"}},
    {"transparency", {"transparency/", "crypto/", "domain/"}},
    {"witness", {"witness/", "transparency/", "crypto/", "domain/"}},
    {"storage", {"storage/", "transparency/", "crypto/", "domain/", "kobling/storage/v1/"}},
    {"server/access", {"server/access/", "domain/"}},
    {"server/tokens", {"server/tokens/", "server/access/", "crypto/", "domain/"}},
    {"server/runtime", {"server/runtime/", "server/tokens/", "server/access/", "transparency/", "crypto/", "domain/"}},
    {"server/commands",
     {"server/commands/", "server/runtime/", "server/access/", "transparency/", "crypto/", "domain/"}},
    {"server/core",
     {"server/core/", "server/runtime/", "server/access/", "storage/", "transparency/", "crypto/", "domain/",
      "kobling/"}},
    {"server/use_cases",
     {"server/use_cases/", "server/core/", "server/runtime/", "server/access/", "storage/", "transparency/", "crypto/",
      "domain/", "kobling/"}},
    {"server/services",
     {"server/services/", "server/use_cases/", "server/core/", "server/runtime/", "server/tokens/", "server/access/",
      "storage/", "transparency/", "crypto/", "domain/", "kobling/v1/"}},
    {"server", {"server/", "storage/", "transparency/", "crypto/", "domain/", "kobling/"}},
    {"client",
     {"client/", "transparency/", "domain/", "kobling/v1/",
      // Of crypto, what opens and checks key files, and what handles public data.
      "crypto/age", "crypto/minisign.h", "crypto/secret_memory.h", "crypto/fingerprint.h", "crypto/key_file_comment.h",
      "crypto/base64.h", "crypto/bech32.h", "crypto/sha256.h", "crypto/random.h"}},
    {"tests", kOurs},
};

const Layer* LayerOf(const SourceFile& file) {
  const auto found =
      std::find_if(kLayers.begin(), kLayers.end(), [&](const Layer& layer) { return file.IsIn(layer.folder); });
  return found == kLayers.end() ? nullptr : &*found;
}

// "path:line includes name" for every include that `is_wrong`.
std::vector<std::string> Offences(const std::function<bool(const SourceFile&, const Include&)>& is_wrong) {
  std::vector<std::string> offences;
  for (const SourceFile& file : ReadCode()) {
    for (const Include& include : IncludesOf(file)) {
      if (is_wrong(file, include)) {
        offences.push_back(file.path + ':' + std::to_string(include.line) + " includes " + std::string(include.name));
      }
    }
  }
  return offences;
}

TEST(Includes, AreRead) {
  const auto code = ReadCode();
  EXPECT_GT(code.size(), 200U);
  std::size_t includes = 0;
  for (const SourceFile& file : code) {
    EXPECT_NE(LayerOf(file), nullptr) << file.path << " is in no layer";
    includes += IncludesOf(file).size();
  }
  EXPECT_GT(includes, 2000U);
  const SourceFile example{"storage/set_store.h",
                           "#pragma once\n#include <vector>\n  #include no\n#include \"domain/error.h\"\n"};
  ASSERT_EQ(IncludesOf(example).size(), 2U);
  EXPECT_EQ(IncludesOf(example)[0].name, "vector");
  EXPECT_EQ(IncludesOf(example)[1].name, "domain/error.h");
  EXPECT_EQ(IncludesOf(example)[1].line, 4U);
}

TEST(Includes, PointFromALayerToThoseBelowIt) {
  EXPECT_EQ(Offences([](const SourceFile& file, const Include& include) {
              const Layer* layer = LayerOf(file);
              // Tests may use the kit of the tests, and those of the server the whole server.
              const bool is_test_kit = file.IsTest() && (include.name.starts_with("tests/") ||
                                                         (file.IsIn("server") && include.name.starts_with("server/")));
              return layer != nullptr && StartsWithAny(include.name, kOurs) &&
                     !StartsWithAny(include.name, layer->may_include) && !is_test_kit;
            }),
            std::vector<std::string>());
}

TEST(Includes, OnlyTestsIncludeWhatIsForTests) {
  EXPECT_EQ(Offences([](const SourceFile& file, const Include& include) {
              const SourceFile included{std::string(include.name), ""};
              return StartsWithAny(include.name, kOurs) && included.IsTest() && !file.IsTest();
            }),
            std::vector<std::string>());
}

TEST(Includes, RocksDbIsKnownToItsBackendAlone) {
  EXPECT_EQ(Offences([](const SourceFile& file, const Include& include) {
              return include.name.starts_with("rocksdb/") && !file.path.starts_with("storage/rocksdb_") &&
                     !file.IsTest();
            }),
            std::vector<std::string>());
}

TEST(Includes, LibsodiumIsKnownToCryptoAlone) {
  EXPECT_EQ(Offences([](const SourceFile& file, const Include& include) {
              return include.name.starts_with("sodium") && !file.IsIn("crypto");
            }),
            std::vector<std::string>());
}

TEST(Includes, OpenSslIsKnownToCryptoAndToThoseWhoReadCertificatesOrTokensAlone) {
  EXPECT_EQ(Offences([](const SourceFile& file, const Include& include) {
              const bool may = file.IsIn("crypto") || file.IsIn("server/runtime") || file.IsIn("server/tokens") ||
                               file.path.starts_with("client/certificate_");
              return include.name.starts_with("openssl/") && !may;
            }),
            std::vector<std::string>());
}

TEST(Includes, LibcjoseIsKnownToTheKeysOfTokensAlone) {
  EXPECT_EQ(Offences([](const SourceFile& file, const Include& include) {
              return include.name.starts_with("cjose/") && !file.path.starts_with("server/tokens/public_key.");
            }),
            std::vector<std::string>());
}

TEST(Includes, GrpcIsKnownToServicesRuntimeAndClientAlone) {
  EXPECT_EQ(Offences([](const SourceFile& file, const Include& include) {
              const bool is_grpc = include.name.starts_with("grpc") || include.name.ends_with(".grpc.pb.h");
              const bool may = file.IsIn("server/services") || file.IsIn("server/runtime") || file.IsIn("client") ||
                               file.path.starts_with("server/application.") || file.IsIn("tests");
              return is_grpc && !may;
            }),
            std::vector<std::string>());
}

}  // namespace
}  // namespace kobling::tests

// The batteries: a call that is accepted, one thing of it changed, and the check that must see it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "server/tokens/token_bench_testing.h"

namespace kobling::server {

using Change = std::function<void(CallDraft&)>;

struct Case {
  std::string what;
  Change change;
  std::string check;  // the one that must fail
};
using Cases = std::vector<Case>;

inline Change Header(std::string name, nlohmann::json value) {
  return [=](CallDraft& call) { call.token.header[name] = value; };
}
inline Change Claim(std::string name, nlohmann::json value) {
  return [=](CallDraft& call) { call.token.claims[name] = value; };
}
inline Change NoHeader(std::string name) {
  return [=](CallDraft& call) { call.token.header.erase(name); };
}
inline Change NoClaim(std::string name) {
  return [=](CallDraft& call) { call.token.claims.erase(name); };
}
// Signs in another way, and says so.
inline Change Algorithm(const TestKey& key, std::string name) {
  return [&key, name](CallDraft& call) {
    call.token.key = &key;
    call.token.algorithm = name;
    call.token.header["alg"] = name;
  };
}
inline Change Then(std::function<void(std::string&)> then) {
  return [=](CallDraft& call) { call.token.then = then; };
}
inline Change HeaderText(std::string text) {
  return [=](CallDraft& call) { call.token.header_text = text; };
}
inline Change ClaimsText(std::string text) {
  return [=](CallDraft& call) { call.token.claims_text = text; };
}
// The claims with one more member written before them, which a careless reader would take or leave.
inline Change TwiceInClaims(std::string member) {
  return [=](CallDraft& call) {
    std::string text = call.token.claims.dump();
    text.insert(1, member + ',');
    call.token.claims_text = text;
  };
}
// Lists in lists.
inline std::string Nested(std::size_t depth) {
  std::string text(depth, '[');
  text.append(depth, ']');
  return text;
}

// Where the first (0), second or third part of a compact token begins.
inline std::size_t Part(const std::string& compact, int number) {
  std::size_t place = 0;
  for (int i = 0; i < number; ++i) {
    place = compact.find('.', place) + 1;
  }
  return place;
}

class TokenBattery : public testing::Test {
 protected:
  // Each case alone, on the call as it was before.
  void Run(const CallDraft& good, const Cases& cases) {
    ASSERT_EQ(bench_.CheckThatFails(good), "") << "the call is not accepted unchanged";
    bench_.Use(bench_.config());
    int refused = 0;
    for (const Case& one : cases) {
      CallDraft call = good;
      one.change(call);
      const std::string failed = bench_.CheckThatFails(call);
      EXPECT_EQ(failed, one.check) << one.what;
      refused += failed.empty() ? 0 : 1;
    }
    // Nothing that was refused has used the good call up.
    EXPECT_EQ(bench_.CheckThatFails(good), "");
    std::cout << "cases " << cases.size() << ", refused " << refused << '\n';
  }

  std::int64_t seconds() const { return bench_.seconds(); }

  TokenBench bench_;
};

}  // namespace kobling::server

// The policy table and the protocol files name the same methods, and agree on what they are.
#include "domain/method_policy.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/api/api_files.h"

namespace kobling::tests {
namespace {

using domain::Effect;
using domain::MethodPolicy;
using domain::Resend;

std::string PathOf(const google::protobuf::MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

TEST(MethodPolicy, HasARowForEachDeclaredMethodAndNoOther) {
  const ApiFiles api;
  std::set<std::string> declared;
  for (const auto* method : api.Methods()) {
    declared.insert(PathOf(*method));
  }
  std::set<std::string> rows;
  for (const MethodPolicy& row : domain::AllMethods()) {
    EXPECT_TRUE(rows.emplace(row.method).second) << row.method << " has two rows";
  }
  EXPECT_EQ(rows, declared);
}

TEST(MethodPolicy, EveryOperationHasItsOwnName) {
  std::set<std::string_view> operations;
  for (const MethodPolicy& row : domain::AllMethods()) {
    EXPECT_TRUE(operations.insert(row.operation).second) << row.operation;
    EXPECT_EQ(row.operation.find_first_not_of("abcdefghijklmnopqrstuvwxyz-."), std::string_view::npos) << row.operation;
    EXPECT_NE(row.operation.find('.'), std::string_view::npos) << row.operation;
    EXPECT_FALSE(row.roles.empty()) << row.method;
  }
}

TEST(MethodPolicy, FindsAMethodByItsExactNameOnly) {
  for (const MethodPolicy& row : domain::AllMethods()) {
    EXPECT_EQ(domain::FindMethod(row.method), &row);
    EXPECT_EQ(domain::FindMethod(std::string(row.method) + "x"), nullptr);
    EXPECT_EQ(domain::FindMethod(row.method.substr(1)), nullptr);
  }
  EXPECT_EQ(domain::FindMethod(""), nullptr);
}

TEST(MethodPolicy, WhatChangesSomethingCarriesARequestIdAndWhatReadsDoesNot) {
  const ApiFiles api;
  for (const auto* method : api.Methods()) {
    const MethodPolicy* row = domain::FindMethod(PathOf(*method));
    ASSERT_NE(row, nullptr) << PathOf(*method);
    const auto* type = method->input_type();
    if (const auto* header = type->FindFieldByName("header"); header != nullptr) {
      type = header->message_type();
    }
    const auto* request_id = type->FindFieldByName("request_id");
    // Events of the identity history have sequence numbers, by which the same event is known again.
    const bool has_sequence = row->method == "/kobling.v1.IdentityService/ImportEvents";
    EXPECT_EQ(request_id != nullptr, row->effect == Effect::kChange && !has_sequence) << row->method;
    if (request_id != nullptr) {
      EXPECT_EQ(request_id->number(), 1) << row->method;
    }
    const bool is_look_at_a_person = row->effect == Effect::kPersonRead;
    EXPECT_EQ(type->FindFieldByName("purpose") != nullptr, is_look_at_a_person) << row->method;
    EXPECT_EQ(row->resend == Resend::kNever, is_look_at_a_person) << row->method;
  }
}

TEST(MethodPolicy, OnlyRegistersTheFeedAndThePortalSendIdentifiers) {
  const ApiFiles api;
  const std::set<std::string> with_identifiers = {"/kobling.v1.PopulationService/Submit",
                                                  "/kobling.v1.KeyFileService/Match",
                                                  "/kobling.v1.ReservationService/LoadReservations",
                                                  "/kobling.v1.ImportService/ImportSeries",
                                                  "/kobling.v1.InsightService/Lookup",
                                                  "/kobling.v1.IdentityService/ImportEvents",
                                                  "/kobling.v1.IdentityService/GetIdentityHistory"};
  for (const auto* method : api.Methods()) {
    const auto* type = method->input_type();
    const auto* batch = type->FindFieldByName("batch");
    const bool has = type->FindFieldByName("identifier") != nullptr ||
                     (batch != nullptr && (batch->message_type()->FindFieldByName("identifiers") != nullptr ||
                                           batch->message_type()->FindFieldByName("events") != nullptr));
    EXPECT_EQ(has, with_identifiers.contains(PathOf(*method))) << PathOf(*method);
    const MethodPolicy* row = domain::FindMethod(PathOf(*method));
    ASSERT_NE(row, nullptr);
    if (has) {
      EXPECT_TRUE(row->roles == domain::RoleSet({domain::Role::kRegister}) ||
                  row->roles == domain::RoleSet({domain::Role::kRegister, domain::Role::kIdentityFeed}) ||
                  row->roles == domain::RoleSet({domain::Role::kIdentityFeed}) ||
                  row->roles == domain::RoleSet({domain::Role::kInsightPortal}))
          << row->method;
    }
  }
}

TEST(MethodPolicy, OneRoleNeverWritesACaseAndHandlesItsKeys) {
  // What makes four eyes of two roles: no method of the one is open to the other, but for reading and for dropping a
  // revision.
  for (const MethodPolicy& row : domain::AllMethods()) {
    if (row.effect == Effect::kChange && row.operation != "project.reject-revision") {
      EXPECT_FALSE(row.roles.contains(domain::Role::kCaseworker) && row.roles.contains(domain::Role::kKeyOfficer))
          << row.method;
    }
  }
}

}  // namespace
}  // namespace kobling::tests

// One row for each method of the API: who may call it, what it does, and whether a client may send it again.
//
// The server refuses a method without a row, the client retries by it, and docs/commands.md is generated from it. A
// test compares the rows with the methods that the protocol files declare.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "domain/role.h"

namespace kobling::domain {

// What a call does to the world.
enum class Effect : std::uint8_t {
  kRead,        // shows records; leaves no event unless it is refused
  kPersonRead,  // looks at persons for a purpose; the event is durable before the answer
  kFetch,       // hands out a sealed key file; the event is durable before the first byte
  kChange,      // changes something; the event is in the same batch as the change
};

// Whether a client may send the same call again when it got no answer.
enum class Resend : std::uint8_t {
  kSafe,   // a read, or a change that carries a request id
  kNever,  // a look at persons: each is an event of its own, which a person can see
};

struct MethodPolicy {
  std::string_view method;     // "/kobling.v1.ProjectService/CreateProject"
  std::string_view operation;  // the event's name, for example "project.create"
  RoleSet roles;
  Effect effect;
  Resend resend;
};

std::span<const MethodPolicy> AllMethods();

// The row of a method, or null if there is none.
const MethodPolicy* FindMethod(std::string_view method);

}  // namespace kobling::domain

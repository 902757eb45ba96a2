// The two macros of the project: leave a function early with its error.
#pragma once

#include <utility>

#include "absl/status/statusor.h"

#define KOBLING_RETURN_IF_ERROR(expression)                   \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#define KOBLING_CONCATENATE_INNER(a, b) a##b
#define KOBLING_CONCATENATE(a, b) KOBLING_CONCATENATE_INNER(a, b)
#define KOBLING_ASSIGN_OR_RETURN(target, expression) \
  KOBLING_ASSIGN_OR_RETURN_INNER(KOBLING_CONCATENATE(status_or_, __LINE__), target, expression)
#define KOBLING_ASSIGN_OR_RETURN_INNER(status_or, target, expression) \
  auto status_or = (expression);                                      \
  if (!status_or.ok()) {                                              \
    return std::move(status_or).status();                             \
  }                                                                   \
  target = std::move(status_or).value()

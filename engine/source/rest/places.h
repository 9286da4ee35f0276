// The {name} places of an endpoint: what a partition or a parent puts into URLs, parameters,
// headers and bodies.
//
// Thread-safety: functions of their arguments.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace millrace::source::rest {

/// Values by the names of their places.
using Places = std::map<std::string, std::string>;

/// `template_text` with every {name} replaced by its encoded value; a name without a value stays.
std::string FillPlaces(const std::string& template_text, const Places& places,
                       const std::function<std::string(const std::string&)>& encode);

}  // namespace millrace::source::rest

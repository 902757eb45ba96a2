// One HTML page that stands alone: no script, nothing from anywhere else, and a style for paper, so that a browser
// makes a good PDF of it. It is also well-formed XML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/dossier_table.h"

namespace kobling::client {

// A text for HTML and for values of attributes in quotation marks. Control characters, which XML cannot hold, are
// replaced.
std::string EscapeHtml(std::string_view text);

// One line of a list of facts. Without a value it is left out.
struct Fact {
  enum class Kind { kText, kLink };  // a link only if the value begins with https:// or http://

  std::string heading;
  std::string value;
  std::string language = {};  // of the value, if it is not bokmål: nn, en
  Kind kind = Kind::kText;
};

// Texts are in bokmål and are escaped here.
class HtmlPage {
 public:
  // `generator` says what made the page; IsMadeBy finds it again.
  HtmlPage(std::string_view title, std::string_view generator);

  // Stands above all sections.
  void Introduction(std::string_view text);
  // Begins a section and its line in the contents. The id is for links: letters and digits.
  void Section(std::string_view id, std::string_view heading);
  void Paragraph(std::string_view text);
  void Facts(std::string_view caption, const std::vector<Fact>& facts);
  // The columns that have a heading. Without rows it says that there are none.
  void Table(const ReportTable& table);

  // The whole page. The object is of no use afterwards.
  std::string Finish();

 private:
  void CloseSection();

  std::string title_;
  std::string generator_;
  std::string introduction_;
  std::string contents_;
  std::string body_;
  bool in_section_ = false;
};

// Whether the beginning of a page says that this generator made it.
bool IsMadeBy(std::string_view page, std::string_view generator);

}  // namespace kobling::client

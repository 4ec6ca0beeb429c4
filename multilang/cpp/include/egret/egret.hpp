// Spouts and bolts in C++, for Egret and for any Storm cluster (stock multilang over stdin and stdout).
//
//     class Split : public egret::BasicBolt {
//       void process(const egret::Tuple& tuple) override {
//         std::istringstream words(tuple.get<std::string>(0));
//         for (std::string word; words >> word;) emit({word});
//       }
//     };
//     int main() { return Split().run(); }
#pragma once

#include "egret/component.hpp"
#include "egret/errors.hpp"
#include "egret/transport.hpp"
#include "egret/tuple.hpp"
#include "egret/values.hpp"

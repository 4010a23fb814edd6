from dataclasses import dataclass, field
from typing import Mapping
@dataclass(frozen=True)
class Row:
    statement: str=''
    rfc: str=''
    not_for: Mapping[str,str]=field(default_factory=dict)
    untested: str=''
SECTIONS={'R':'r','T':'t','S':'S','A':'A','X':'X'}
ROWS={f'{l}{n:02}':Row() for l,k in zip('TRSAX',(21,27,26,19,8)) for n in range(1,k+1)}

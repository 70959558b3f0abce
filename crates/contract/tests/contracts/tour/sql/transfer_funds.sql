-- Both accounts are there.
-- expect: 2 else ACCOUNT_NOT_FOUND
SELECT 1 FROM bank_account WHERE id IN (:fromAccount, :toAccount);

-- expect: one else INSUFFICIENT_FUNDS
UPDATE bank_account SET balance = balance - :amount WHERE id = :fromAccount AND balance >= :amount;

UPDATE bank_account SET balance = balance + :amount WHERE id = :toAccount;
SELECT :_new_id AS id, :amount AS amount, 'EUR;' AS currency, :fromAccount AS "from"
